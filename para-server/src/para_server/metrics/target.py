"""Where a Graphite server is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Target", "target_of"]

_LAST_PORT = 65_535


class Target(NamedTuple):
    """A Graphite server."""

    host: str
    port: int


def target_of(value: object) -> Target | None:
    """Return the server that a setting names; ``None`` if it is none."""
    if not isinstance(value, Mapping):
        return None
    host, port = value.get("host"), value.get("port")
    if not isinstance(host, str) or not host.strip():
        return None
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port <= _LAST_PORT:
        return None
    return Target(host.strip(), port)
