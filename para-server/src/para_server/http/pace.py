"""How long a client may take to send a request, and the round that looks after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Protocol

from msgspec import Meta, Struct

if TYPE_CHECKING:
    import asyncio

__all__ = ["HttpSettings", "Pace", "Round", "Watched"]

_ROUNDS = 10  # in the shortest of the times


class HttpSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.http``."""

    head_timeout_sec: Annotated[
        int,
        Meta(
            ge=1,
            description="Seconds that a client may take from its connection to the end of its "
            "first head, and for each later head from its first byte; then it gets 408.",
        ),
    ] = 30
    body_timeout_sec: Annotated[
        int,
        Meta(
            ge=1,
            description="Seconds within which `body_min_bytes` more of a body, or the rest of it, "
            "must come; then its sender gets 408.",
        ),
    ] = 20
    body_min_bytes: Annotated[
        int,
        Meta(ge=1, description="Bytes of a body that must come in each `body_timeout_sec`."),
    ] = 10_000
    import_max_bytes: Annotated[
        int,
        Meta(ge=1 << 16, description="Bytes of the largest archive that `PUT /v1/_import` takes."),
    ] = 1 << 30
    import_folder: Annotated[
        str,
        Meta(
            description="Folder in which an archive lies while it is imported; blank for the "
            "system's folder for temporary files."
        ),
    ] = ""


class Pace(Struct, frozen=True):
    """The same, as connections need it."""

    head_sec: float = 30
    body_sec: float = 20
    body_bytes: int = 10_000


class Watched(Protocol):
    """A connection, as the round sees it."""

    def examine(self, now: float) -> None:
        """Close, if the client takes too long; ``now`` is the time of the loop."""


class Round:
    """Looks at all connections of one server every now and then, while there are any.

    It costs a request nothing: no timer is set or cancelled for one.
    """

    def __init__(self, pace: Pace, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._every_sec = min(pace.head_sec, pace.body_sec) / _ROUNDS
        self._watched: set[Watched] = set()
        self._next: asyncio.TimerHandle | None = None

    def add(self, connection: Watched) -> None:
        """Look at a connection too, from now on."""
        self._watched.add(connection)
        if self._next is None:
            self._next = self._loop.call_later(self._every_sec, self._go)

    def remove(self, connection: Watched) -> None:
        """Look at it no more."""
        self._watched.discard(connection)

    def _go(self) -> None:
        self._next = None
        now = self._loop.time()
        for connection in list(self._watched):
            connection.examine(now)
        if self._watched:
            self._next = self._loop.call_later(self._every_sec, self._go)
