"""One request to the API, as its handler sees it."""

from __future__ import annotations

import io
import json
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import unquote_plus

import msgspec

from para_core.nesting import MAX_DEPTH, is_too_deep
from para_server.http.answers import AnswerError

if TYPE_CHECKING:
    from para_core.objects import App
    from para_server.access.gate import Admission
    from para_server.access.request import RawRequest
    from para_server.services.container import Services

__all__ = ["Params", "Request", "json_of"]

_Kind = TypeVar("_Kind", list[Any], dict[str, Any])

_decode = msgspec.json.Decoder().decode


class Params:
    """The query parameters, decoded; a name without ``=`` has the empty value."""

    __slots__ = ("_values",)

    def __init__(self, query: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        for pair in query.decode("utf-8", "replace").split("&"):
            if pair:
                name, _, value = pair.partition("=")
                self._values.setdefault(unquote_plus(name), []).append(unquote_plus(value))

    def first(self, name: str, default: str = "") -> str:
        """Return the first value, or the default when the name is absent."""
        values = self._values.get(name)
        return values[0] if values else default

    def get(self, name: str) -> str | None:
        """Return the first value, or ``None`` when the name is absent."""
        values = self._values.get(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """Return all values, in order."""
        return self._values.get(name, [])

    def has(self, name: str) -> bool:
        """Return whether the name is there, with a value or without."""
        return name in self._values

    def is_true(self, name: str) -> bool:
        """Return whether the first value is ``true`` in any case."""
        return self.first(name).lower() == "true"


class Request:
    """A request whose caller is known and may do what it asks for.

    ``values`` are the variable segments of the path, decoded once, in order. ``app`` is the app
    that is called; ``None`` on public paths only. ``client`` is the address of the other end of
    the connection.
    """

    __slots__ = (
        "_params",
        "app",
        "body",
        "caller",
        "client",
        "headers",
        "method",
        "path",
        "query",
        "services",
        "spool",
        "timer",
        "values",
    )

    def __init__(
        self,
        raw: RawRequest,
        values: list[str],
        admission: Admission,
        *,
        services: Services,
        client: str = "",
    ) -> None:
        self.method, self.path = raw.method, raw.path.decode("ascii", "replace")
        self.query, self.headers = raw.query, raw.headers
        self.body, self.spool = raw.body, raw.spool
        self.values, self.services, self.client = values, services, client
        self.timer = ""
        self.caller = admission.principal
        self.app = cast("App | None", admission.app)  # the look-up of the gate gives no other
        self._params: Params | None = None

    @property
    def params(self) -> Params:
        """The query parameters."""
        if self._params is None:
            self._params = Params(self.query)
        return self._params

    @property
    def appid(self) -> str:
        """The identifier of the app that is called.

        Raises:
            AnswerError: 404, when the request names no app.
        """
        if self.app is None:
            raise AnswerError(404, "App not found.")
        return self.app.identifier

    def the_app(self) -> App:
        """Return the app that is called.

        Raises:
            AnswerError: 404, when the request names no app.
        """
        if self.app is None:
            raise AnswerError(404, "App not found.")
        return self.app

    @property
    def file(self) -> IO[bytes]:
        """The body as a file, wherever it lies; it is there until the request is done."""
        return io.BytesIO(self.body) if self.spool is None else self.spool.file

    def json_map(self) -> dict[str, Any]:
        """Return the body as a JSON object.

        Raises:
            AnswerError: 400, when it is something else.
        """
        return json_of(self.body, dict)

    def json_list(self) -> list[Any]:
        """Return the body as a JSON array.

        Raises:
            AnswerError: 400, when it is something else.
        """
        return json_of(self.body, list)


def json_of(body: bytes, kind: type[_Kind]) -> _Kind:
    """Return the first JSON value of a body; what follows it is ignored.

    Raises:
        AnswerError: 400, when there is none, or when it is not of this kind.
    """
    if not body.strip():
        raise AnswerError(400, "Missing request body.")
    try:
        value = _decode(body)
    except msgspec.DecodeError as error:
        value = _first_value(body, error)
    except UnicodeDecodeError as error:
        raise AnswerError(400, "The body is not valid JSON: it is not UTF-8.") from error
    except RecursionError:
        raise _too_deep() from None
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_too_deep(value):
        raise _too_deep()
    if not isinstance(value, kind):
        wanted = "an object" if kind is dict else "an array"
        raise AnswerError(400, f"The body must be {wanted}.")
    return value


def _too_deep() -> AnswerError:
    return AnswerError(400, f"The JSON has more than {MAX_DEPTH} levels inside each other.")


def _first_value(body: bytes, error: msgspec.DecodeError) -> object:
    if "trailing characters" not in str(error):
        raise AnswerError(400, f"The body is not valid JSON: {error}") from error
    try:
        _, end = json.JSONDecoder().raw_decode(body.decode().lstrip())
        return _decode(body.decode().lstrip()[:end])
    except (ValueError, RecursionError, msgspec.DecodeError):
        raise AnswerError(400, f"The body is not valid JSON: {error}") from error
