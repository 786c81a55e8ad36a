"""Where a request goes: the parts of its address."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

from para_core.errors import UnavailableError

__all__ = ["PORTS", "SAFE", "origin", "place_of"]

PORTS = {"http": 80, "https": 443}
SAFE = frozenset({"GET", "HEAD"})
"""The methods that change nothing at the place."""


def place_of(url: str, *, base: str = "") -> SplitResult:
    """Return the parts of an address, which may be relative to another.

    Raises:
        UnavailableError: No request can be sent there.
    """
    place = _split(url, base) if url.isascii() and url.isprintable() and " " not in url else None
    if place is None or not place.hostname or place.scheme not in PORTS or place.username:
        shown = url.partition("?")[0][:100]
        raise UnavailableError(f"{shown!r} is no address that a request can be sent to")
    return place


def origin(place: SplitResult) -> tuple[str, str | None, int]:
    """Return scheme, host and port: who gets what is sent there."""
    return place.scheme, place.hostname, place.port or PORTS[place.scheme]


def _split(url: str, base: str) -> SplitResult | None:
    try:
        place = urlsplit(urljoin(base, url))
        is_usable = place.port != 0
    except ValueError:  # brackets or a port that are none
        return None
    return place if is_usable else None
