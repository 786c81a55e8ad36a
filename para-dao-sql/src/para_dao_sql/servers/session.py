"""What connections have in common whose dialects keep all apps in one table."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from para_core.tasks import cancelled

__all__ = ["Rows", "Session"]

logger = logging.getLogger(__name__)

Rows = Sequence[Sequence[Any]]

_WATCH_SEC = 1.0
_PING_SEC = 15.0  # in which a server answers that is there


class Session(ABC):
    """A connection with the steps of a transaction, and somebody who looks whether it lives."""

    _watcher: asyncio.Task[None] | None = None

    @abstractmethod
    async def fetch(self, query: str, *values: object) -> Rows:
        """Return all rows."""

    async def fetchval(self, query: str, *values: object) -> Any:  # noqa: ANN401 (as in Asked)
        """Return the first value of the first row, ``None`` when there is none."""
        rows = await self.fetch(query, *values)
        return rows[0][0] if rows else None

    @abstractmethod
    async def execute(self, query: str, *values: object) -> int:
        """Return how many rows a statement met."""

    @abstractmethod
    async def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        """Store rows of values."""

    @abstractmethod
    async def begin(self) -> None:
        """Begin a transaction."""

    @abstractmethod
    async def commit(self) -> None:
        """Make a transaction durable."""

    @abstractmethod
    async def rollback(self) -> None:
        """Undo a transaction, if there is one."""

    @abstractmethod
    async def ping(self) -> None:
        """Ask for nothing; it fails when the server is gone."""

    @abstractmethod
    def is_closed(self) -> bool:
        """Tell whether it is of no use any more, as far as is known."""

    @abstractmethod
    def is_in_transaction(self) -> bool:
        """Tell whether something was begun and not ended."""

    @abstractmethod
    def is_usable_after(self, error: BaseException) -> bool:
        """Tell whether the server has answered with an error and waits for the next statement."""

    async def _rest(self, most_sec: float) -> None:
        """Wait until it is time to ask again: some product may tell that it is over before."""
        await asyncio.sleep(most_sec)

    @abstractmethod
    async def _say_good_bye(self) -> None: ...

    @abstractmethod
    def _let_go(self) -> None: ...

    async def close(self) -> None:
        """End it in order."""
        await cancelled(self._watcher)
        await self._say_good_bye()

    def terminate(self) -> None:
        """Let go at once, whatever is on its way."""
        watcher = self._watcher
        if watcher is not None and watcher is not asyncio.current_task():  # it has to tell yet
            watcher.cancel()
        self._let_go()

    def watch(self, failures: tuple[type[Exception], ...], tell: Callable[[], None]) -> None:
        """Ask from time to time, and tell when there is no answer; nobody else asks meanwhile."""
        self._watcher = asyncio.create_task(self._watch(failures, tell))

    async def _watch(self, failures: tuple[type[Exception], ...], tell: Callable[[], None]) -> None:
        try:
            while True:
                await self._rest(_WATCH_SEC)
                async with asyncio.timeout(_PING_SEC):
                    await self.ping()
        except failures:
            tell()
        except TimeoutError:
            tell()
        except Exception:  # whatever it is: nobody looks any more
            logger.exception("it is not known whether a connection lives")
            tell()
