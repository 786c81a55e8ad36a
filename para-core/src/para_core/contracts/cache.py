"""The Cache contract: copies of stored records, small transient values, and counters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from para_core.contracts.component import Component
from para_core.contracts.dao import Record

__all__ = ["Cache"]


class Cache(Component):
    """Fast memory in front of the database, for all apps of one process or of several.

    Three kinds of things live here, in separate name spaces of each app: **records** as the DAO
    stores them, **values** (small JSON-able data that may be lost) and **counters**. Apps never see
    each other's. Everything has an end of life, and everything may vanish earlier for want of room;
    what is missing is read again from the database.

    Records never go back in time. The cache remembers the greatest change number it has seen for a
    key, also for a while after the record was removed or pushed out, and ignores records and
    removals that are older. So a reader that was overtaken by a writer cannot put back what it
    read. ``appid`` comes without the ``app:`` prefix. A blank ``appid``, id or name holds nothing:
    writing to it is ignored and reading from it finds nothing.

    A cache that cannot be reached behaves as an empty one and logs it: no method raises for that.
    Source: Para 1.54, ``Cache``; the comparison of changes and the counters are ours.
    """

    is_shared: ClassVar[bool] = False
    """Whether all processes of a server see one cache; else each has one of its own."""

    # ---- records ----------------------------------------------------------------------------

    @abstractmethod
    async def get(self, appid: str, key: str) -> Record | None:
        """Return the record with this id, or ``None`` when the cache does not hold it."""

    def peek(self, appid: str, key: str) -> Record | None:
        """Return the record if that takes no waiting at all, else ``None``.

        For callers that cannot wait; ``None`` says nothing about what ``get`` would find.
        """
        del appid, key
        return None

    def peek_all(self, appid: str, keys: Sequence[str]) -> list[Record] | None:
        """Return all of these records, in order, if that takes no waiting; else ``None``."""
        found = [self.peek(appid, key) for key in keys]
        records = [record for record in found if record is not None]
        return records if len(records) == len(keys) else None

    @abstractmethod
    async def get_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records it holds, in the order of ``keys``; the others are left out."""

    @abstractmethod
    async def contains(self, appid: str, key: str) -> bool:
        """Tell whether ``get`` would find a record."""

    async def put(self, appid: str, record: Record, *, ttl_sec: float | None = None) -> None:
        """Keep a record, unless the cache has seen a later change of it. See ``put_all``."""
        await self.put_all(appid, [record], ttl_sec=ttl_sec)

    @abstractmethod
    async def put_all(
        self, appid: str, records: Iterable[Record], *, ttl_sec: float | None = None
    ) -> None:
        """Keep records, each unless the cache has seen a later change of it.

        Args:
            appid: The app.
            records: As the DAO returned or wrote them, with ``change`` set.
            ttl_sec: How long from now they live; ``None`` or 0 and less for the configured time.
        """

    async def fill_all(self, appid: str, records: Iterable[Record]) -> None:
        """Keep records that were missing and have been read from the database meanwhile.

        As ``put_all``, and nothing is lost when it does not come about. A cache that several
        processes share need not tell the others, and may leave out records that it was not asked
        for before they were read: it cannot know how old they are.
        """
        await self.put_all(appid, records)

    async def remove(self, appid: str, key: str, *, change: int = 0) -> None:
        """Drop a record. See ``remove_all``."""
        await self.remove_all(appid, [key], change=change)

    @abstractmethod
    async def remove_all(self, appid: str, keys: Iterable[str], *, change: int = 0) -> None:
        """Drop records and remember for a while that they changed; absent ones are no error.

        Args:
            appid: The app.
            keys: The ids.
            change: The change that updated or deleted them. A record that is held with a later
                change stays. 0: whatever is held goes, and what was known stays known.
        """

    # ---- values -----------------------------------------------------------------------------

    @abstractmethod
    async def value(self, appid: str, name: str) -> object | None:
        """Return a copy of a value, or ``None`` when there is none."""

    @abstractmethod
    async def put_value(
        self, appid: str, name: str, value: object, *, ttl_sec: float | None = None
    ) -> None:
        """Keep a value of JSON types; ``None`` removes it.

        The cache keeps a copy: what the caller does to ``value`` later changes nothing. Numbers,
        texts and booleans come back with their types.
        """

    # ---- counters ---------------------------------------------------------------------------

    @abstractmethod
    async def increment(self, appid: str, name: str, *, by: int = 1, ttl_sec: float) -> int:
        """Add to a counter in one atomic step and return what it is then; ``by`` may be negative.

        A counter starts at 0 with its first increment and ends ``ttl_sec`` after that, however
        often it is incremented meanwhile: it counts what happens in a window of time.
        """

    # ---- all of it --------------------------------------------------------------------------

    @abstractmethod
    async def clear(self, appid: str) -> None:
        """Forget everything of one app, change numbers too, as when the app was never there."""

    async def settle(self) -> None:
        """Return when nobody finds any more what was removed or replaced before this call.

        For those who have to know, such as what follows the change feed and evicts: all other
        methods return also when the cache could not be reached, and try again by themselves. A
        process of a cache in its own memory has nothing to wait for.

        Raises:
            UnavailableError: The cache cannot be reached, so other processes that reach it may
                find what is no longer true. Call again; nothing is forgotten.
        """
