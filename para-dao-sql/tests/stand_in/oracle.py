"""What the DAO calls of python-oracledb, answered by the engine.

The driver itself is not in it: its protocol is not published, so nothing can listen in the place of
a server beyond the first packets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

import oracledb
import pytest
from sqlglot import exp

from .engine import Answer, Engine, RefusedError, Talk, is_write
from .grammar import Said

__all__ = ["stand_in_for_oracle"]

T = TypeVar("T")

_CODES = {
    "unique": (oracledb.IntegrityError, "ORA-00001: unique constraint violated"),
    "exists": (oracledb.DatabaseError, "ORA-00955: name is already used by an existing object"),
    "other": (oracledb.DatabaseError, "ORA-00900: invalid SQL statement"),
}


class _Connection:
    """Stands for ``oracledb.AsyncConnection``; SQLite waits on a thread."""

    def __init__(self, talk: Talk) -> None:
        self._talk: Talk | None = talk
        self._thread = ThreadPoolExecutor(1)

    def cursor(self) -> _Cursor:
        return _Cursor(self)

    def is_healthy(self) -> bool:
        return self._talk is not None

    async def commit(self) -> None:
        await self.run(lambda talk: _end(talk, keeps=True))

    async def rollback(self) -> None:
        await self.run(lambda talk: _end(talk, keeps=False))

    async def ping(self) -> None:
        await self.run(lambda talk: None)

    async def close(self) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, talk.close)
            self._thread.shutdown(wait=False)

    async def run(self, work: Callable[[Talk], T]) -> T:
        if self._talk is None:
            raise oracledb.InterfaceError("DPY-1001: not connected to database")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work, self._talk)


class _Cursor:
    """Stands for ``oracledb.AsyncCursor``."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._answer = Answer(None, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    @property
    def rowcount(self) -> int:
        return max(0, self._answer.count)

    async def execute(
        self, statement: str, values: Mapping[str, object], *, fetch_lobs: bool = True
    ) -> None:
        def work(talk: Talk) -> Answer:
            found = _asked(talk, statement, values)
            assert not (found.rows and fetch_lobs), "large objects would come as locators"
            return found

        self._answer = await self._connection.run(work)

    async def executemany(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        def work(talk: Talk) -> None:
            for row in rows:
                _asked(talk, statement, row)

        await self._connection.run(work)

    async def fetchall(self) -> list[Any]:
        return list(self._answer.rows or ())


def _asked(talk: Talk, statement: str, values: Mapping[str, object]) -> Answer:
    try:
        heard = talk.hear(statement)
    except RefusedError as refused:
        raise _as_driver_says(refused) from refused
    # A text without a character and a value without a byte are no values in Oracle.
    known = {name: None if value in ("", b"") else value for name, value in values.items()}
    if not heard:
        return _locked(talk, statement.split()[2], alone="EXCLUSIVE" in statement)
    try:
        return _done(talk, heard[0], known)
    except RefusedError as refused:
        raise _as_driver_says(refused) from refused


def _as_driver_says(refused: RefusedError) -> oracledb.DatabaseError:
    if isinstance(refused.kind, int):
        return oracledb.DatabaseError(f"ORA-{refused.kind:05}: {refused}")
    kind, words = _CODES[refused.kind]
    return kind(f"{words} ({refused})")


def _done(talk: Talk, said: Said, values: Mapping[str, object]) -> Answer:
    if isinstance(said.tree, exp.Set):  # SET TRANSACTION READ ONLY
        assert not talk.is_in_transaction, "it has to be the first statement of its transaction"
        talk.begin(reads=True)
        return Answer(None, 0)
    if isinstance(said.tree, exp.Create):
        _end(talk, keeps=True)  # making a table commits
    elif is_write(said) and not talk.is_in_transaction:
        talk.begin()
    assert values.keys() == said.names, "Oracle refuses values without a place"
    return talk.ask(said, values)


def _locked(talk: Talk, table: str, *, alone: bool) -> Answer:
    if not talk.take(table, alone=alone):
        raise oracledb.DatabaseError("ORA-00054: resource busy and acquire with NOWAIT specified")
    return Answer(None, 0)


def _end(talk: Talk, *, keeps: bool) -> None:
    talk.end(keeps=keeps)
    talk.release()


def stand_in_for_oracle(patch: pytest.MonkeyPatch, engine: Engine) -> None:
    """Let new connections of the driver be those of the engine."""

    async def connect(**options: object) -> _Connection:
        assert {"dsn", "user", "password"} <= options.keys()
        return _Connection(engine.talk())

    patch.setattr(oracledb, "connect_async", connect)
