"""What stands behind the dialects in tests: SQLite, asked in their words.

It is neither SQL Server nor Oracle. It shows that their parsers read each statement, and that the
statements together do what a DAO has to do. It shows nothing of their types, locks and plans: a
transaction that writes has the whole file to itself here.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp

from .grammar import Grammar, Said, normal, read

__all__ = ["Answer", "Engine", "RefusedError", "Talk", "is_write"]

_PATIENCE_SEC = 60
_VIEWS = """
CREATE VIEW IF NOT EXISTS information_schema_tables AS
    SELECT 'main' AS TABLE_SCHEMA, name AS TABLE_NAME FROM sqlite_master WHERE type = 'table';
CREATE VIEW IF NOT EXISTS user_tables AS
    SELECT upper(name) AS table_name FROM sqlite_master WHERE type = 'table';
CREATE TABLE IF NOT EXISTS dual AS SELECT 1 AS dummy;
CREATE TABLE IF NOT EXISTS sys_databases (
    database_id INTEGER, snapshot_isolation_state INTEGER, is_read_committed_snapshot_on INTEGER
);
INSERT INTO sys_databases SELECT 1, 1, 1 WHERE NOT EXISTS (SELECT 1 FROM sys_databases)
"""
_WRITES = (exp.Insert, exp.Update, exp.Delete)


class RefusedError(Exception):
    """What the product would refuse; ``kind`` is unique, exists, other, or a number of its own."""

    def __init__(self, kind: str | int, words: str) -> None:
        self.kind = kind
        super().__init__(words)


@dataclass(frozen=True)
class Answer:
    """Rows, if there can be any, and how many rows were met."""

    rows: Sequence[Sequence[Any]] | None
    count: int


@dataclass
class Locks:
    """Who has which name, how often, and whether alone."""

    guard: threading.Lock = field(default_factory=threading.Lock)
    taken: dict[str, dict[object, tuple[int, bool]]] = field(default_factory=dict)

    def take(self, name: str, owner: object, *, alone: bool) -> bool:
        """Take a name, unless somebody else has it in a way that forbids it."""
        with self.guard:
            holders = self.taken.setdefault(name, {})
            others = [is_alone for who, (_, is_alone) in holders.items() if who != owner]
            if any(others) or (alone and others):
                return False
            count, was_alone = holders.get(owner, (0, False))
            holders[owner] = (count + 1, alone or was_alone)
            return True

    def give_back(self, name: str, owner: object) -> None:
        """Let go of a name, which has to be done as often as it was taken."""
        with self.guard:
            holders = self.taken[name]
            count, alone = holders.pop(owner)
            if count > 1:
                holders[owner] = (count - 1, alone)

    def has_any(self, owner: object) -> bool:
        """Tell whether somebody has any name."""
        with self.guard:
            return any(owner in holders for holders in self.taken.values())

    def release(self, owner: object) -> None:
        """Let go of everything."""
        with self.guard:
            for holders in self.taken.values():
                holders.pop(owner, None)


class Engine:
    """One database, which many connections ask; it remembers every statement."""

    def __init__(self, grammar: Grammar, file: Path) -> None:
        self.grammar, self.file = grammar, file
        self.locks, self.said = Locks(), dict[str, None]()
        self.troubles: list[tuple[str, int]] = []
        """Errors to come: each the beginning of a statement, and the number of what it meets."""

        self._answers = threading.Event()  # whether statements are answered
        self._answers.set()
        with contextlib.closing(self._connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_VIEWS)

    def talk(self) -> Talk:
        """Begin a session."""
        return Talk(self, self._connect())

    def do(self, statement: str) -> object:
        """Do something in the words of SQLite; return the first value, if there is one."""
        with contextlib.closing(self._connect()) as connection:
            row = connection.execute(statement).fetchone()
            return row[0] if row else None

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Answer nothing for a while."""
        self._answers.clear()
        try:
            yield
        finally:
            self._answers.set()

    def wait(self) -> None:
        """Wait until statements are answered."""
        self._answers.wait(_PATIENCE_SEC)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everybody from writing."""
        with contextlib.closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield

    def set_versions(self, snapshots: int, statements: int) -> None:
        """Let the database keep versions of rows, or not."""
        self.do(
            f"UPDATE sys_databases SET snapshot_isolation_state = {snapshots}, "  # noqa: S608
            f"is_read_committed_snapshot_on = {statements}"
        )

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.file, isolation_level=None, check_same_thread=False, timeout=_PATIENCE_SEC
        )
        connection.execute("PRAGMA synchronous = OFF")
        connection.create_function("DB_ID", 0, lambda: 1)
        connection.create_function("DB_NAME", 0, lambda: "para")
        return connection


class Talk:
    """One session, as long as a connection lasts."""

    def __init__(self, engine: Engine, connection: sqlite3.Connection) -> None:
        self._engine, self._connection = engine, connection
        self._is_reading = False  # the next transaction sees no later commit

    def hear(self, statement: str) -> Sequence[Said]:
        """Return what the parser reads, and remember the statement."""
        grammar = self._engine.grammar
        found = read(grammar, statement)
        self._engine.said[normal(grammar, statement)] = None
        self._meet_trouble(statement)
        return found

    def _meet_trouble(self, statement: str) -> None:
        self._engine.wait()
        for begin, number in self._engine.troubles:
            if statement.startswith(begin):
                self._engine.troubles.remove((begin, number))
                raise RefusedError(number, f"trouble {number}")

    def ask(self, statement: Said, values: Mapping[str, object]) -> Answer:
        """Ask SQLite the same."""
        used = {name: values[name] for name in statement.names}
        try:
            cursor = self._connection.execute(statement.query, used)
            rows = cursor.fetchall() if cursor.description else None
        except sqlite3.IntegrityError as error:
            kind = "unique" if "UNIQUE" in str(error) else "other"
            raise RefusedError(kind, str(error)) from error
        except sqlite3.OperationalError as error:
            raise RefusedError(
                "exists" if "already exists" in str(error) else "other", str(error)
            ) from error
        return Answer(rows, cursor.rowcount)

    def begin(self, *, reads: bool = False) -> None:
        """Begin a transaction: one that only reads shares the file."""
        self._connection.execute("BEGIN" if reads else "BEGIN IMMEDIATE")

    def end(self, *, keeps: bool) -> None:
        """Commit or roll back, if there is anything."""
        if self.is_in_transaction:
            self._connection.execute("COMMIT" if keeps else "ROLLBACK")

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    def take(self, name: str, *, alone: bool) -> bool:
        """Take a lock by its name."""
        return self._engine.locks.take(name, self, alone=alone)

    def give_back(self, name: str) -> None:
        """Let go of a lock once."""
        self._engine.locks.give_back(name, self)

    def has_locks(self) -> bool:
        """Tell whether it keeps any lock."""
        return self._engine.locks.has_any(self)

    def release(self) -> None:
        """Let go of all locks."""
        self._engine.locks.release(self)

    def close(self) -> None:
        """Lose what was not committed, and all locks."""
        self.release()
        self._connection.close()


def is_write(said: Said) -> bool:
    """Tell whether a statement changes rows or locks them."""
    return isinstance(said.tree, _WRITES) or said.tree.find(exp.Lock) is not None
