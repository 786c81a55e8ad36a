"""Stores the writes of one app that waited together, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from para_core.contracts.dao import Write
from para_core.plan import Plan, expected_keys
from para_dao_sql.servers.dialect import Connection, Dialect, Pool
from para_dao_sql.servers.rows import key_of
from para_dao_sql.servers.tables import App

__all__ = ["store_writes"]

_ATTEMPTS = 5  # of a transaction that meets others; the time limit ends it as well


async def store_writes(
    dialect: Dialect[Any], pool: Pool, appid: str, writes: Sequence[Write]
) -> list[int | Exception]:
    """Store writes one after the other; return the number of each, or its conflict.

    The row of the app stays locked until the commit, so changes become visible in the order of
    their numbers, whichever server they come from.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return await _attempt(dialect, pool, appid, writes)
        except dialect.failures as error:
            if not dialect.is_deadlock(error):
                raise
    return await _attempt(dialect, pool, appid, writes)


async def _attempt(
    dialect: Dialect[Any], pool: Pool, appid: str, writes: Sequence[Write]
) -> list[int | Exception]:
    async with pool.acquire() as connection:
        try:
            return await _store(dialect, connection, appid, writes)
        except BaseException:
            if not connection.is_closed():
                await dialect.rollback(connection)
            raise


async def _store(
    dialect: Dialect[Any], connection: Connection, appid: str, writes: Sequence[Write]
) -> list[int | Exception]:
    found = await dialect.begin(connection, appid)
    if found is None:
        plan, outcomes = _added(Plan(0, {}), writes)
        if not plan.told:  # not even the app is made
            await dialect.rollback(connection)
            return outcomes
        found = await dialect.begin_new(connection, appid)
    app, counter = found
    stored = await _stored_changes(dialect, connection, app, writes)
    plan, outcomes = _added(Plan(counter, stored), writes)
    if plan.told:
        await dialect.store(connection, app, plan)
    else:
        await dialect.rollback(connection)
    return outcomes


def _added(plan: Plan, writes: Sequence[Write]) -> tuple[Plan, list[int | Exception]]:
    return plan, [plan.add(write) for write in writes]


async def _stored_changes(
    dialect: Dialect[Any], connection: Connection, app: App, writes: Sequence[Write]
) -> dict[str, int]:
    keys = {key_of(key): key for key in expected_keys(writes)}
    query, wanted = dialect.statements_of(app).changes_of, list(keys)
    stored: dict[str, int] = {}
    for start in range(0, len(wanted), dialect.portion):
        part = wanted[start : start + dialect.portion]
        rows = await connection.fetch(query, app.number, part)
        stored.update((keys[key], change) for key, change in rows)
    return stored
