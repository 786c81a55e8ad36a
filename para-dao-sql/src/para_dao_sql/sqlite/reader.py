"""The thread for reads that may take long: pages, long lists of ids, old parts of a feed."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, NamedTuple, TypeVar

__all__ = ["Reader"]

T = TypeVar("T")


class _Question(NamedTuple, Generic[T]):
    ask: Callable[[sqlite3.Connection], T]
    answer: asyncio.Future[T]


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
        self._queue.put(lambda: self._reply(_Question(ask, answer)))
        return answer

    def stop(self) -> None:
        """Answer what was asked, and close the connection. Waits; not for the event loop."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while (reply := self._queue.get()) is not None:
            reply()

    def _reply(self, question: _Question[T]) -> None:
        if question.answer.cancelled():
            return
        try:
            found = question.ask(self._connection)
        except Exception as error:  # noqa: BLE001 (the thread serves everybody: it has to go on)
            self._loop.call_soon_threadsafe(_fail, question.answer, error)
        else:
            self._loop.call_soon_threadsafe(_succeed, question.answer, found)


def _succeed(answer: asyncio.Future[T], found: T) -> None:
    if not answer.done():
        answer.set_result(found)


def _fail(answer: asyncio.Future[T], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
