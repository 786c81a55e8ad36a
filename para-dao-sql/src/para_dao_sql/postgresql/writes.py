"""Stores the writes of one app that waited together, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from para_core.contracts.dao import Record, Write
from para_core.errors import ConflictError
from para_dao_sql.entries import told
from para_dao_sql.postgresql.catalog import lock_app
from para_dao_sql.postgresql.rows import encode, key_of
from para_dao_sql.postgresql.tables import App, make_app, statements_of

__all__ = ["store_writes"]


@dataclass(slots=True)
class _Plan:
    """What a sequence of writes comes to in the end."""

    number: int  # of the last change
    stored: dict[str, int]  # changes of the records whose state somebody expects
    records: dict[str, tuple[Record, int] | None] = field(default_factory=dict)  # None: deleted
    told: list[tuple[int, str, bytes]] = field(default_factory=list)

    def add(self, write: Write) -> int | ConflictError:
        """Take a write unless it is in conflict with the state before it."""
        stale = [
            put.record.id
            for put in write.puts
            if put.expect is not None and put.expect != self.stored.get(put.record.id, 0)
        ]
        if stale:
            return ConflictError(stale)
        self.number += 1
        for put in write.puts:
            self.records[put.record.id] = (put.record, self.number)
            self.stored[put.record.id] = self.number
        for key in write.deletes:
            self.records[key] = None
            self.stored.pop(key, None)
        self.told.append((self.number, write.event, told(write.keys(), write.note)))
        return self.number


async def store_writes(
    pool: asyncpg.Pool, appid: str, writes: Sequence[Write]
) -> list[int | Exception]:
    """Store writes one after the other; return the number of each, or its conflict.

    The row of the app stays locked until the commit, so changes become visible in the order of
    their numbers, whichever server they come from.
    """
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            plan, outcomes = await _store(connection, appid, writes)
        except BaseException:
            if not connection.is_closed():
                await transaction.rollback()
            raise
        if plan.told:
            await transaction.commit()
        else:
            await transaction.rollback()  # not even the app is made
        return outcomes


async def _store(
    connection: asyncpg.Connection, appid: str, writes: Sequence[Write]
) -> tuple[_Plan, list[int | Exception]]:
    app, counter = await _lock_or_make(connection, appid)
    plan = _Plan(counter, await _stored_changes(connection, app, writes))
    outcomes: list[int | Exception] = [plan.add(write) for write in writes]
    if plan.told:
        await _apply(connection, app, plan)
    return plan, outcomes


async def _lock_or_make(connection: asyncpg.Connection, appid: str) -> tuple[App, int]:
    while (found := await lock_app(connection, appid)) is None:
        await make_app(connection, appid, shared=False)
    return found


async def _stored_changes(
    connection: asyncpg.Connection, app: App, writes: Sequence[Write]
) -> dict[str, int]:
    keys = {
        key_of(put.record.id): put.record.id
        for write in writes
        for put in write.puts
        if put.expect is not None
    }
    if not keys:
        return {}
    rows = await connection.fetch(statements_of(app).changes_of, app.number, list(keys))
    return {keys[key]: change for key, change in rows}


async def _apply(connection: asyncpg.Connection, app: App, plan: _Plan) -> None:
    puts = [found for found in plan.records.values() if found is not None]
    ids = [key_of(record.id) for record, _ in puts]
    long_ids = [encode(record.id) for record, _ in puts]
    numbers, events, keys = zip(*plan.told, strict=True)
    await connection.execute(
        statements_of(app).write,
        app.number,
        ids,
        [None if long == short else long for long, short in zip(long_ids, ids, strict=True)],
        [encode(record.type) for record, _ in puts],
        [record.data for record, _ in puts],
        [number for _, number in puts],
        [key_of(key) for key, found in plan.records.items() if found is None],
        numbers,
        events,
        keys,
        plan.number,
    )
