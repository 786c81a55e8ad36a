"""Who changes the database: through transactions, or where there are none through a journal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from para_core.contracts.dao import Late, Write
from para_dao_mongodb.abandoned import Abandoned
from para_dao_mongodb.apps import make_app, remove_app
from para_dao_mongodb.limits import time_limit
from para_dao_mongodb.store import Store
from para_dao_mongodb.writes import store_writes

__all__ = ["TransactionWriter", "Writer"]

T = TypeVar("T")


class Writer(ABC):
    """Stores what is written, so that nobody ever sees a batch by halves."""

    on_late: Late
    """Told of a write that had failed, and is stored now."""

    @abstractmethod
    async def store(self, appid: str, writes: Sequence[Write]) -> list[int | Exception]:
        """Store writes of an app one after the other; return the number of each, or its conflict.

        Errors of the driver say that nothing is stored, or that nobody knows.
        """

    @abstractmethod
    async def make(self, appid: str, *, shared: bool) -> None:
        """Make room for an app."""

    @abstractmethod
    async def remove(self, appid: str) -> None:
        """Remove an app with all it has."""

    @abstractmethod
    async def read(self, appid: str, question: Callable[[], Awaitable[T]]) -> T:
        """Ask something about an app when no batch of it is stored by halves."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what is not finished."""

    @abstractmethod
    def drop(self) -> None:
        """Let go of everything as it is."""


class TransactionWriter(Writer):
    """Leaves it to the server that a batch is whole."""

    def __init__(self, store: Store, owner: str | None, *, timeout_ms: int) -> None:
        """Write to apps with the mark of ``owner``."""
        self._store, self._owner, self._timeout_ms = store, owner, timeout_ms
        self._abandoned = Abandoned(store, timeout_ms=timeout_ms)
        self.on_late = lambda *_: None

    async def store(self, appid: str, writes: Sequence[Write]) -> list[int | Exception]:
        """Store writes in one transaction."""
        async with time_limit(self._timeout_ms):
            return await store_writes(
                self._store, appid, writes, owner=self._owner, abandoned=self._abandoned
            )

    async def make(self, appid: str, *, shared: bool) -> None:
        """Make room for an app."""
        await make_app(self._store, appid, shared=shared, owner=self._owner)

    async def remove(self, appid: str) -> None:
        """Remove an app with all it has."""
        await remove_app(self._store, appid, owner=self._owner)

    async def read(self, appid: str, question: Callable[[], Awaitable[T]]) -> T:
        """Ask at once: one question sees one moment."""
        del appid
        return await question()

    async def close(self) -> None:
        """Leave no transaction open."""
        await self._abandoned.close()

    def drop(self) -> None:
        """Leave what is open to the server."""
        self._abandoned.drop()
