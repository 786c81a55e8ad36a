"""A request outside the API, as its handler sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from para_server.access.request import RawRequest, first_headers
from para_server.http.proxies import Networks, is_trusted
from para_server.http.request import Params

__all__ = ["WebRequest", "web_request"]

_FORM = b"application/x-www-form-urlencoded"
_SCRIPT_KINDS = ("application/json", "application/javascript", "text/javascript")
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_SCHEMES = ("http", "https")
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)


@dataclass(slots=False, kw_only=True)
class WebRequest:
    """One request outside the API.

    Attributes:
        raw: As it came in.
        path: Decoded once, without the context path.
        context: The context path; empty or with a slash in front.
        scheme: Of the connection.
        client: The address at the other end of the connection.
        is_relayed: Whether that is a proxy whose word on the scheme counts.
    """

    raw: RawRequest
    path: str
    context: str = ""
    scheme: str = "http"
    client: str = ""
    is_relayed: bool = False
    values: list[str] = field(default_factory=list)  # variable segments of the path

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.raw.method

    @cached_property
    def query(self) -> Params:
        """The parameters in the query."""
        return Params(self.raw.query)

    @cached_property
    def form(self) -> Params:
        """The fields of a submitted form; none when the body is something else."""
        kind = self.raw.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        return Params(self.raw.body if kind == _FORM else b"")

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The cookies; of two with one name the first counts.

        Cookies of other programs on the same host may look in any way, and disturb nothing.
        """
        found: dict[str, str] = {}
        for pair in self.header("cookie").split(";"):
            name, sign, value = pair.partition("=")
            if sign:
                found.setdefault(name.strip(), value.strip().strip('"'))
        return found

    def header(self, name: str) -> str:
        """Return the first value of a header by its lower-case name; blank for none."""
        return self.raw.headers.get(name.encode(), b"").decode("latin-1").strip()

    def param(self, name: str) -> str:
        """Return the first value of a parameter of the query, else of the form; blank for none."""
        found = self.query.get(name)
        return self.form.first(name) if found is None else found

    def has_param(self, name: str) -> bool:
        """Tell whether the query or the form has a parameter."""
        return self.query.has(name) or self.form.has(name)

    @cached_property
    def is_script(self) -> bool:
        """Whether a program asks, which wants a status rather than a page or a redirect."""
        asked = self.header("x-requested-with") or self.param("X-Requested-With")
        return asked.lower() == "xmlhttprequest" or self.header("accept").startswith(_SCRIPT_KINDS)

    @cached_property
    def public_scheme(self) -> str:
        """The scheme that the browser sees: a trusted proxy in front may tell another one."""
        if not self.is_relayed:
            return self.scheme
        for name in ("x-forwarded-proto", "cloudfront-forwarded-proto"):
            told = self.header(name).partition(",")[0].strip().lower()
            if told in _SCHEMES:
                return told
        return self.scheme

    @property
    def is_secure(self) -> bool:
        """Whether the browser sees HTTPS."""
        return self.public_scheme == "https"

    @cached_property
    def origin(self) -> str:
        """The scheme and host that the browser sees: ``https://example.com``."""
        host = self.header("host")
        return f"{self.public_scheme}://{host if _HOST.fullmatch(host) else 'localhost'}"

    def absolute(self, target: str) -> str:
        """Return a target as an absolute address; a path is below the context path."""
        if _ABSOLUTE.match(target):
            return target
        path = target.lstrip("/\\")
        return f"{self.origin}{self.context}/{path}"

    @property
    def url(self) -> str:
        """The address that was requested, as the browser sees it."""
        query = f"?{self.raw.query.decode('latin-1')}" if self.raw.query else ""
        return f"{self.origin}{self.raw.path.decode('latin-1')}{query}"


def web_request(
    scope: Mapping[str, Any], body: bytes, context: str, proxies: Networks = ()
) -> WebRequest:
    """Return the request of an ASGI scope; of ``proxies`` forwarded headers are believed."""
    raw_path: bytes = scope["raw_path"]
    headers = first_headers(scope["headers"])
    raw = RawRequest(scope["method"], raw_path, scope["query_string"], headers, body)
    path = unquote(raw_path.removeprefix(context.encode()).decode("latin-1"))
    client = (scope.get("client") or ("",))[0]
    return WebRequest(
        raw=raw,
        path=path or "/",
        context=context,
        scheme=scope.get("scheme", "http"),
        client=client,
        is_relayed=is_trusted(client, proxies),
    )
