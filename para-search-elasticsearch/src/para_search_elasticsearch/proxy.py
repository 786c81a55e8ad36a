"""The endpoint through which an app asks the cluster itself, as ``/v1/_elasticsearch``.

It takes the app's own keys only: an answer of the cluster knows nothing of the permissions of
users. Source: Para 1.54, ``ProxyResourceHandler``, which forwarded whatever came.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from para_core.contracts.dao import Record
from para_core.errors import BackendError
from para_core.extensions import ASGIMessage
from para_core.objects.codec import decode, wire
from para_search_elasticsearch.connection import Connection, Json
from para_search_elasticsearch.proxyrules import Forbidden, Malformed, Question, question_of
from para_search_elasticsearch.settings import ElasticSettings

__all__ = ["METHODS", "Proxy"]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_REINDEX = "reindex"
_DISABLED = "This feature is disabled."
_JSON = b"application/json"


class Store(Protocol):
    """Reads objects: what the server lends."""

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]: ...


class Index(Protocol):
    """Rebuilds indexes: what the server lends."""

    async def rebuild(self, appid: str) -> int: ...


class Services(Protocol):
    """The services of the server that are used here."""

    @property
    def store(self) -> Store: ...

    @property
    def index(self) -> Index: ...


class _AnswerError(Exception):
    """A request is answered with this status."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


class Proxy:
    """An ASGI application behind the server's own authorization."""

    def __init__(
        self,
        settings: ElasticSettings,
        connect: Callable[[], Connection],
        alias: Callable[[str], str],
    ) -> None:
        """Describe the endpoint.

        Args:
            settings: The section ``para.es``.
            connect: Makes a connection to the cluster, closed after each request.
            alias: Returns the alias of an app.
        """
        self._settings, self._connect, self._alias = settings, connect, alias

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Any],
        send: Callable[[ASGIMessage], Any],
    ) -> None:
        """Answer one request."""
        body = (await receive()).get("body", b"")
        try:
            status, answer = 200, await self._answer(scope, body)
        except _AnswerError as error:
            status, answer = error.status, _told(error.status, error.message)
        headers = [(b"content-type", _JSON)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, scope: Mapping[str, Any], body: bytes) -> bytes:
        state = scope["state"]
        if not self._settings.proxy_enabled:
            raise _AnswerError(403, _DISABLED)
        if state["app"] is None:
            raise _AnswerError(400, "no app")
        if not state["caller"].is_app:
            raise _AnswerError(403, "Only the keys of the app may ask the search cluster.")
        appid: str = state["app"].identifier
        path = scope["path_params"].get("path", "")
        if scope["method"] == "POST" and path.strip("/") == _REINDEX:
            return await self._rebuilt(state["para"], appid)
        if body.strip() and not _is_json(scope["headers"]):
            raise _AnswerError(415, "The body has to be application/json.")
        if scope["method"] not in ("GET", "POST"):
            raise _AnswerError(403, f"{scope['method']} is not allowed here.")
        try:
            question = question_of(path, scope["query_string"].decode("latin-1"), body, appid)
        except Forbidden as error:
            raise _AnswerError(403, str(error)) from error
        except Malformed as error:
            raise _AnswerError(400, str(error)) from error
        text = await self._ask(appid, question)
        answer = _decoded(text)
        if question.is_raw or "hits" not in answer.get("hits", {}):
            return text.encode()
        return await _page(state["para"].store, appid, answer["hits"])

    async def _ask(self, appid: str, question: Question) -> str:
        path = f"/{quote(self._alias(appid), safe='')}/{question.api}"
        try:
            async with self._connect() as connection:
                status, text = await connection.send(
                    f"POST {path}", question.body, doing="answer a request of the proxy"
                )
        except BackendError as error:
            raise _AnswerError(400, str(error)) from error
        if status != 200:  # noqa: PLR2004
            raise _AnswerError(400, f"the search cluster refuses the request ({status})")
        return text

    async def _rebuilt(self, services: Services, appid: str) -> bytes:
        if not self._settings.proxy_reindexing_enabled:
            raise _AnswerError(403, _DISABLED)
        began = time.monotonic()
        count = await services.index.rebuild(appid)
        took = int((time.monotonic() - began) * 1000)
        return msgspec.json.encode({"reindexed": count, "tookMillis": took})


async def _page(store: Store, appid: str, hits: Json) -> bytes:
    """Return the objects of the hits in their order, as a search of the server does."""
    keys = [row["_source"]["_key"] for row in hits["hits"]]
    found = await store.read_all(appid, keys) if keys else {}
    items = [
        wire(decode(found[key])) for key in keys if key in found and _is_own(found[key], appid)
    ]
    total = hits.get("total")
    count = total["value"] if isinstance(total, dict) else len(keys)
    return msgspec.json.encode({"items": items, "page": 0, "totalHits": count})


def _decoded(text: str) -> Json:
    """Return what the cluster says, if it is a cluster."""
    try:
        return msgspec.json.decode(text, type=Json)
    except msgspec.DecodeError as error:
        raise _AnswerError(400, "what answers is no search cluster") from error


def _is_own(record: Record, appid: str) -> bool:
    """Leave out the objects of other apps, which the root app has: their keys are in them."""
    return record.type != "app" or record.id == f"app:{appid}"


def _is_json(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    kinds = [value for name, value in headers if name.lower() == b"content-type"]
    return any(kind.lower().split(b";")[0].strip() == _JSON for kind in kinds)


def _told(status: int, message: str) -> bytes:
    return msgspec.json.encode({"code": status, "message": message})
