"""The id of a request, which is in every line that is logged while it is worked on.

A proxy in front may have given the request an id (``X-Request-Id``); only that of a proxy of
``para.trusted_proxies`` is taken, as anybody can send one. Otherwise an id is made when the first
line needs it, so that requests about which nothing is logged cost nothing.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

from para_server.http.proxies import Networks, is_trusted

__all__ = ["begin_request", "request_id", "trust_proxies"]

_current: ContextVar[MutableMapping[str, Any] | None] = ContextVar("request", default=None)
_ID = "para.request_id"
_HEADER = b"x-request-id"
_USABLE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
_trusted: Networks = ()


def trust_proxies(networks: Networks) -> None:
    """Take the ids that these proxies give, in the whole process."""
    global _trusted  # noqa: PLW0603 - the log is one for the process
    _trusted = networks


def begin_request(scope: MutableMapping[str, Any]) -> None:
    """Say which request the current task works on, and all tasks that it starts."""
    _current.set(scope)


def request_id() -> str:
    """Return the id of the request that is worked on; empty when there is none."""
    scope = _current.get()
    if scope is None:
        return ""
    found: str | None = scope.get(_ID)
    if found is None:
        found = scope[_ID] = _given(scope) or secrets.token_hex(8)
    return found


def _given(scope: MutableMapping[str, Any]) -> str:
    if not _trusted or not is_trusted((scope.get("client") or ("",))[0], _trusted):
        return ""
    values = [value for name, value in scope["headers"] if name == _HEADER]
    return values[0].decode() if values and _USABLE.fullmatch(values[0]) else ""
