"""Brings tables of an earlier format to the present one, after saving those that a step changes.

All of it is one transaction: after an error the tables are what they were.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from para_core.errors import ConfigError

__all__ = ["FORMAT", "STEPS", "Step", "saved_name", "upgrade"]

logger = logging.getLogger(__name__)

FORMAT = 2
"""Version of the tables, kept in ``objects_format``; a database with a higher one is refused."""

_LONGEST_SEC = 24 * 3600  # of one statement: a large table takes its time


@dataclass(frozen=True, slots=True)
class Step:
    """What brings tables from the format before to this one."""

    sql: str
    tables: tuple[str, ...]  # that it changes the rows or the meaning of


STEPS: Mapping[int, Step] = {
    2: Step("", ("objects_changes",)),  # entries may have notes, which earlier versions cannot read
}
"""Steps stay for ever: databases may be old."""


def saved_name(table: str, found: int) -> str:
    """Return where a table of a format is saved."""
    return f"format_{found}_{table}"


async def upgrade(connection: asyncpg.Connection, found: int) -> None:
    """Save what changes, and change it, in the transaction of the caller.

    Raises:
        ConfigError: A table could not be saved as a whole.
    """
    steps = [STEPS[number] for number in range(found + 1, FORMAT + 1)]
    tables = dict.fromkeys(table for step in steps for table in ("objects_format", *step.tables))
    for table in tables:
        await _save(connection, table, saved_name(table, found))
    for step in steps:
        if step.sql:
            await connection.execute(step.sql, timeout=_LONGEST_SEC)
    await connection.execute("UPDATE objects_format SET format = $1", FORMAT)
    logger.info(
        "the database has format %d now; what changed is saved as it was in format %d, in %s",
        *(FORMAT, found, ", ".join(saved_name(table, found) for table in tables)),
    )


async def _save(connection: asyncpg.Connection, table: str, saved: str) -> None:
    await connection.execute(f"DROP TABLE IF EXISTS {saved}")
    await connection.execute(f"CREATE TABLE {saved} AS TABLE {table}", timeout=_LONGEST_SEC)
    counts = [
        await connection.fetchval(f"SELECT count(*) FROM {name}", timeout=_LONGEST_SEC)  # noqa: S608
        for name in (table, saved)
    ]
    if counts[0] != counts[1]:
        raise ConfigError(
            f"{table} could not be saved: {saved} has {counts[1]} of {counts[0]} rows"
        )
