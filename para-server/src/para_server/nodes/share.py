"""One share of the apps under a lease, as the node sees it that has it or had it.

The lease is a record beside what it protects. Whoever writes for the share puts the lease again in
the same transaction and expects it as it was: a node that was stopped, and replaced meanwhile, can
store nothing when it goes on. What cannot be compared, such as requests to other systems, is begun
only while the lease cannot have ended by this node's own clock.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.errors import ConflictError, InvalidObjectError, StorageFullError
from para_server.webhooks.share import ROOM, SHARES, LeaseLostError, Share

__all__ = ["Lease", "NodeShare", "lease_key", "share_number"]

_NOT_STORED = (ConflictError, InvalidObjectError, StorageFullError)  # all other errors leave doubt
_SPARE = 0.2  # of a lease: a node stops so much before others may take over


class Lease(Struct):
    """Which node has a share: its session; empty when none has."""

    session: str


def lease_key(number: int) -> str:
    """Return the id of the record of a share's lease."""
    return f"n/{number:02d}"


def share_number(appid: str) -> int:
    """Return which share an app is of."""
    return zlib.crc32(appid.encode("utf-8", "surrogatepass")) % SHARES


class NodeShare(Share):
    """A share of the apps; ``take`` it, use it, ``release`` it."""

    def __init__(
        self, dao: DAO, number: int, session: str, *, lease_sec: float, clock: Callable[[], float]
    ) -> None:
        """Describe a share.

        Args:
            dao: The database.
            number: Of the share.
            session: Tells this node from all others, and from itself before a restart.
            lease_sec: How long a lease stands still before others may take over.
            clock: Tells seconds, and goes on while the process is stopped.
        """
        super().__init__(dao)
        self.number, self.name = number, f"{number:02d}"
        self._key, self._session = lease_key(number), session
        self._lease_sec, self._clock = lease_sec, clock
        self._change, self._is_sure = 0, True
        self._renewed_at = float("-inf")
        self._renewed, self._turn = asyncio.Event(), asyncio.Lock()
        self.is_taken = self.is_lost = False

    def owns(self, appid: str) -> bool:
        """Return whether an app is one of this share."""
        return share_number(appid) == self.number

    def is_held(self) -> bool:
        """Return whether no other node can have the share at the moment."""
        if not self.is_taken or self.is_lost:
            return False
        return self._clock() < self._renewed_at + self._lease_sec * (1 - _SPARE)

    async def held(self) -> None:
        """Wait until no other node can have the share, for ever if one has it."""
        while not self.is_held():
            self._renewed.clear()
            await self._renewed.wait()

    def is_due(self) -> bool:
        """Return whether it is time to renew the lease, which every write does as well."""
        return self._clock() >= self._renewed_at + self._lease_sec / 4

    # ---- the lease ----------------------------------------------------------------------------

    async def take(self, change: int) -> bool:
        """Take the share when its lease is still at this change; return whether it is this node's.

        The one who asks has made sure that nobody has it any more.
        """
        self._change, self._is_sure, self.is_lost = change, True, False
        try:
            await self._write([], [], self._session)
        except LeaseLostError:
            return False
        self.is_taken = True
        return True

    async def renew(self) -> None:
        """Keep the share.

        Raises:
            LeaseLostError: Another node has it.
        """
        await self.write([], [])

    async def release(self) -> None:
        """Let another node have the share at once. Errors as of ``write``."""
        self.is_taken = False
        if not self.is_lost:
            async with self._turn:
                await self._write([], [], "")

    async def write(self, puts: Sequence[Put], deletes: Sequence[str]) -> int:
        """Store records of the room and renew the lease, or nothing; see ``Share.write``."""
        async with self._turn:
            if not self._is_sure:
                await self._make_sure()
            return await self._write(puts, deletes, self._session)

    async def _write(self, puts: Sequence[Put], deletes: Sequence[str], session: str) -> int:
        if self.is_lost:
            raise LeaseLostError(self.number)
        began = self._clock()
        record = Record(self._key, "lease", msgspec.json.encode(Lease(session)))
        write = Write("webhooks", [Put(record, self._change), *puts], deletes)
        try:
            self._change = await self._dao.write(ROOM, write)
        except ConflictError as error:
            if self._key not in error.keys:
                raise
            self.is_lost = True
            raise LeaseLostError(self.number) from error
        except _NOT_STORED:
            raise
        except BaseException:
            self._is_sure = False
            raise
        self._renewed_at = began
        self._renewed.set()
        return self._change

    async def _make_sure(self) -> None:
        """Look whether a write was stored of which nobody knows."""
        record = await self._dao.read(ROOM, self._key)
        if record is None or msgspec.json.decode(record.data, type=Lease).session != self._session:
            self.is_lost = True
            raise LeaseLostError(self.number)
        self._change, self._is_sure = record.change, True
