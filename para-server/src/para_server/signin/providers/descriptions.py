"""What issuers and identity providers say of themselves: fetched once an hour, in bounded room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.contracts.signin import SignInError
from para_core.errors import UnavailableError

if TYPE_CHECKING:
    from para_core.contracts.outbound import OutboundReply
    from para_core.contracts.signin import SignInTools

__all__ = ["Descriptions"]

_FRESH_MS = 3_600_000
_PATIENCE_MS = 60_000  # between two looks for something newer than what is kept
_MOST = 256


@dataclass(slots=True)
class _Kept:
    """A document, with the time when it was fetched and when a newer one was last looked for."""

    text: bytes
    at_ms: int
    looked_ms: int = 0


class Descriptions:
    """Fetches documents of one kind, from addresses that apps name, and keeps them for an hour.

    All apps share the room: when it is full, what was kept first goes. Documents are kept as the
    bytes that came, since what these become in Python takes many times the room.
    """

    def __init__(  # noqa: PLR0913 - one kind of document and its bounds
        self,
        tools: SignInTools,
        check: Callable[[OutboundReply, str], object],
        *,
        accept: str = "*/*",
        largest_bytes: int,
        room_bytes: int,
        usable_ms: int = _FRESH_MS,
    ) -> None:
        """Take what the server lends, and the bounds.

        Args:
            tools: Of the server.
            check: Raises ``SignInError`` or ``UnavailableError`` for an answer that is no document
                of the kind; it is then not kept. Called in a thread, with what errors call it.
            accept: The media types that are asked for.
            largest_bytes: Of one document.
            room_bytes: Of all documents with their addresses; more than the largest one.
            usable_ms: How old a document may be while no newer one can be had.
        """
        self._tools, self._check, self._headers = tools, check, {"Accept": accept}
        self._largest, self._room, self._usable_ms = largest_bytes, room_bytes, usable_ms
        self._kept: dict[str, _Kept] = {}
        self._size = 0

    async def find(self, url: str, about: str, *, anew: bool = False) -> bytes:
        """Return the document at an address.

        Args:
            url: The address.
            about: What errors call the document.
            anew: Look whether it has changed, unless that was done in the last minute.

        Raises:
            SignInError: What is there is too large, or no such document.
            UnavailableError: It cannot be had now.
        """
        now, kept = self._tools.clock(), self._kept.get(url)
        is_usable = kept is not None and now - kept.at_ms < self._usable_ms
        if kept is not None and is_usable:
            is_fresh = now - kept.at_ms < _FRESH_MS
            if (is_fresh and not anew) or now - kept.looked_ms < _PATIENCE_MS:
                return kept.text
            kept.looked_ms = now
        try:
            text = await self._fetch(url, about)
        except (SignInError, UnavailableError):
            if kept is not None and is_usable:
                return kept.text
            raise
        self._keep(url, _Kept(text, now, now if anew else 0))
        return text

    async def _fetch(self, url: str, about: str) -> bytes:
        reply = await self._tools.outbound.send("GET", url, headers=self._headers)
        if len(reply.body) > self._largest:
            raise SignInError(reason=f"{about}: more than {self._largest} bytes")
        await asyncio.to_thread(self._check, reply, about)
        return reply.body

    def _keep(self, url: str, kept: _Kept) -> None:
        self._forget(url)
        self._kept[url] = kept
        self._size += len(url) + len(kept.text)
        while self._size > self._room or len(self._kept) > _MOST:
            self._forget(next(iter(self._kept)))

    def _forget(self, url: str) -> None:
        kept = self._kept.pop(url, None)
        if kept is not None:
            self._size -= len(url) + len(kept.text)
