"""Requests to the cluster: one client, time limits, signatures, errors."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlencode

import msgspec
from opensearchpy import AIOHttpConnection, exceptions

from para_core.errors import ConfigError, UnavailableError
from para_search_elasticsearch.failures import error_of
from para_search_elasticsearch.settings import ElasticSettings

__all__ = ["Connection", "Json"]

Json = dict[str, Any]

_SERVICE = "es"  # of the signatures: what Amazon calls both products
_FLAVORS = ("elasticsearch", "opensearch")

_encode = msgspec.json.Encoder().encode


class Signer(Protocol):
    """Makes the headers that prove who sends a request."""

    def __call__(self, method: str, url: str, query: str, body: bytes) -> Mapping[str, str]: ...


class Connection:
    """One pool of connections to the cluster.

    Every request has a time limit. Nothing is sent twice here: who calls knows what may be.
    """

    def __init__(self, settings: ElasticSettings, signer: Signer | None = None) -> None:
        """Describe the cluster; nothing is sent before the first request.

        Raises:
            ConfigError: A setting does not describe a cluster.
        """
        if settings.flavor.lower() not in _FLAVORS:
            raise ConfigError(
                f"para.es.flavor is {settings.flavor!r}; it takes {' or '.join(_FLAVORS)}"
            )
        if settings.restclient_scheme not in ("http", "https"):
            raise ConfigError(
                f"para.es.restclient_scheme is {settings.restclient_scheme!r}; "
                "it takes http or https"
            )
        self._settings, self._signer = settings, signer
        self._prefix = _prefix(settings.restclient_context_path)
        is_secure = settings.restclient_scheme == "https"
        login = (settings.basic_auth_login, settings.basic_auth_password)
        self._http = _QuietConnection(
            host=settings.restclient_host,
            port=settings.restclient_port,
            scheme=settings.restclient_scheme,
            use_ssl=is_secure,
            ssl_context=ssl.create_default_context() if is_secure else None,
            url_prefix=self._prefix,
            http_auth=login if all(login) else None,
            maxsize=settings.connections,
        )

    @property
    def address(self) -> str:
        """Where the cluster is, for messages."""
        settings = self._settings
        return (
            f"{settings.restclient_scheme}://{settings.restclient_host}:"
            f"{settings.restclient_port}{self._prefix}"
        )

    async def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        await self._http.close()

    async def __aenter__(self) -> Self:
        """Return the connection, to be closed at the end."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.close()

    async def request(
        self,
        what: str,
        body: object = None,
        *,
        doing: str,
        params: Mapping[str, str] | None = None,
        timeout_ms: int = 0,
    ) -> Json:
        """Send a request and return the JSON of the answer.

        Args:
            what: The method, a blank, and the encoded path below the context path.
            body: Encoded as JSON, unless it is bytes.
            doing: What this is for, in the words of an error: ``search``.
            params: Of the query string.
            timeout_ms: The longest wait, where it is not ``para.es.timeout_ms``.

        Raises:
            UnavailableError: The cluster is away, too slow or too busy; what was asked may have
                happened all the same.
            StorageFullError: It takes no writes, since its disk is full.
            RefusedError: It answered with an error.
        """
        status, text = await self.send(
            what, body, doing=doing, params=params, timeout_ms=timeout_ms
        )
        answer = _decoded(text)
        if status >= 300:  # noqa: PLR2004
            raise error_of(status, answer, doing)
        if not isinstance(answer, dict):
            raise self.no_cluster()
        return answer

    def no_cluster(self) -> UnavailableError:
        """Return the error for an answer that no cluster gives, as of a gateway in front of it."""
        return UnavailableError(f"{self.address} answers, but not as a search cluster does")

    async def send(
        self,
        what: str,
        body: object = None,
        *,
        doing: str,
        params: Mapping[str, str] | None = None,
        timeout_ms: int = 0,
    ) -> tuple[int, str]:
        """Send a request and return status and body of the answer, whatever they are."""
        method, _, path = what.partition(" ")
        data = b"" if body is None else body if isinstance(body, bytes) else _encode(body)
        timeout_ms = timeout_ms or self._settings.timeout_ms
        headers = {"content-type": "application/json"}
        if self._signer is not None:
            headers |= self._signer(method, self._url(path), urlencode(params or {}), data)
        try:
            status, _, text = await self._http.perform_request(
                method,
                path,
                params=params,
                body=data or None,
                timeout=timeout_ms / 1000,
                ignore=_EVERY_STATUS,
                headers=headers,
            )
        except exceptions.ConnectionTimeout as error:
            raise UnavailableError(
                f"the search cluster at {self.address} did not {doing} within {timeout_ms} ms "
                "(para.es.timeout_ms, para.es.bulk_timeout_ms)"
            ) from error
        except (exceptions.ConnectionError, OSError) as error:
            told = f"the search cluster at {self.address} {_trouble(error)}"
            raise UnavailableError(told) from error
        return status, text

    def _url(self, path: str) -> str:
        return f"{self.address}{path}"


class _QuietConnection(AIOHttpConnection):
    """The driver's connection without its log: our errors say what failed, without bodies."""

    def log_request_success(self, *args: object, **more: object) -> None:
        """Log nothing."""

    def log_request_fail(self, *args: object, **more: object) -> None:
        """Log nothing."""

    def _raise_warnings(self, warning_headers: object) -> None:
        """Leave what the cluster advises its operators to its own log."""


class _EveryStatus:
    """What the driver must not raise for: nothing at all."""

    def __contains__(self, status: object) -> bool:
        return True


_EVERY_STATUS: Any = _EveryStatus()


def _trouble(error: Exception) -> str:
    """Tell what is wrong with a connection, and what would help."""
    found: ssl.SSLError | None = None
    cause: BaseException | None = error
    while cause is not None:  # the last one is that of Python; the driver's own say less
        found = cause if isinstance(cause, ssl.SSLError) else found
        cause = cause.__cause__ or cause.__context__
    if isinstance(found, ssl.SSLCertVerificationError):
        return (
            f"is not trusted: {found.verify_message}; let the system trust its authority, in "
            "SSL_CERT_FILE for instance, and see para.es.restclient_host"
        )
    if found is not None:
        return f"does not speak TLS: {found}; is para.es.restclient_scheme right?"
    return (
        "cannot be reached; is it running, and are para.es.restclient_host, "
        "para.es.restclient_port and para.es.restclient_scheme right?"
    )


def _prefix(path: str) -> str:
    inner = path.strip("/")
    return f"/{inner}" if inner else ""


def _decoded(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
