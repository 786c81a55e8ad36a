"""The one thread that changes the file: everything that waits shares the next commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple, TypeAlias

from para_core.answers import give
from para_core.errors import BackendError, ParaError
from para_dao_sql.sqlite.catalog import Catalog
from para_dao_sql.sqlite.errors import as_para_error
from para_dao_sql.sqlite.peers import Peers
from para_dao_sql.sqlite.transaction import Transaction

__all__ = ["Step", "Writer"]

logger = logging.getLogger(__name__)

_MOST = 256  # steps in one commit: bounds how long the first of them waits

Step: TypeAlias = Callable[[Transaction], int]


class _Task(NamedTuple):
    step: Step
    answer: asyncio.Future[int]


class Writer:
    """Runs steps in the order in which they came, and answers each when it is durable.

    There is no timer: while one commit runs, the next steps collect by themselves. A commit that
    fails is repeated step by step, so that only the steps to blame fail.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        catalog: Catalog,
        file: Path,
        peers: Peers | None = None,
    ) -> None:
        self._connection, self._catalog, self._file = connection, catalog, file
        self._peers = peers
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="para-sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, step: Step) -> asyncio.Future[int]:
        """Ask for a step. Until it has begun, cancelling the answer withdraws it."""
        answer: asyncio.Future[int] = self._loop.create_future()
        self._queue.put(_Task(step, answer))
        return answer

    def stop(self) -> None:
        """Finish what was asked, and close the connection. Waits; not for the event loop."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        going = True
        while going:
            batch, going = self._take()
            if outcomes := self._commit(batch):
                self._loop.call_soon_threadsafe(_answer, outcomes)

    def _take(self) -> tuple[list[_Task], bool]:
        """Wait for a task, and take what else is there; false when nothing comes after it."""
        batch: list[_Task] = []
        task = self._queue.get()
        try:
            while task is not None:
                if not task.answer.cancelled():
                    batch.append(task)
                if len(batch) == _MOST:
                    return batch, True
                task = self._queue.get_nowait()
        except Empty:
            return batch, True
        return batch, False

    def _commit(self, batch: list[_Task]) -> list[tuple[_Task, int | Exception]]:
        if not batch:
            return []
        try:
            with contextlib.nullcontext() if self._peers is None else self._peers.turn():
                return self._attempt(batch)
        except Exception as error:  # noqa: BLE001 (the thread serves everybody: it has to go on)
            if self._connection.in_transaction:
                self._roll_back()
            if len(batch) == 1:
                return [(batch[0], _explain(error, self._file))]
        return [outcome for task in batch for outcome in self._commit([task])]

    def _attempt(self, batch: list[_Task]) -> list[tuple[_Task, int | Exception]]:
        outcomes: list[tuple[_Task, int | Exception]] = []
        self._connection.execute("BEGIN IMMEDIATE")
        if self._peers is not None:
            self._peers.catch_up(self._connection, self._catalog)
        transaction = Transaction(self._connection, self._catalog)
        for task in batch:
            if task.answer.cancelled():  # while it waited for the lock
                continue
            try:
                outcomes.append((task, task.step(transaction)))
            except ParaError as error:
                outcomes.append((task, error))
        transaction.finish(has_peers=self._peers is not None)
        self._connection.execute("COMMIT")
        transaction.publish()
        return outcomes

    def _roll_back(self) -> None:
        try:
            self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            logger.exception("rolling back failed", extra={"file": str(self._file)})


def _answer(outcomes: list[tuple[_Task, int | Exception]]) -> None:
    for task, outcome in outcomes:
        give(task.answer, outcome)


def _explain(error: Exception, file: Path) -> Exception:
    if isinstance(error, sqlite3.Error):
        known: BackendError = as_para_error(error, file)
        known.__cause__ = error
        return known
    return error
