"""The thread for reads that may take long: pages, long lists of ids, old parts of a feed."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

from para_core.answers import give

__all__ = ["Reader"]

T = TypeVar("T")


class Reader:
    """Answers one question after the other on a connection of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="para-sqlite-reader", daemon=True)
        self._thread.start()

    def submit(self, ask: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Ask something. Until it has begun, cancelling the answer withdraws it."""
        answer: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(lambda: self._reply(ask, answer))
        return answer

    def stop(self) -> None:
        """Answer what was asked, and close the connection. Waits; not for the event loop."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while (reply := self._queue.get()) is not None:
            reply()

    def _reply(self, ask: Callable[[sqlite3.Connection], T], answer: asyncio.Future[T]) -> None:
        if answer.cancelled():
            return
        outcome: T | Exception
        try:
            outcome = ask(self._connection)
        except Exception as error:  # noqa: BLE001 (the thread serves everybody: it has to go on)
            outcome = error
        self._loop.call_soon_threadsafe(give, answer, outcome)
