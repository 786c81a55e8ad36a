"""Which app lives in which table, as far as this process has asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from para_dao_sql.postgresql.rows import key_of
from para_dao_sql.postgresql.tables import App

__all__ = ["Catalog", "Gone", "find_app", "lock_app"]

T = TypeVar("T")


class Gone(Exception):  # noqa: N818 (no failure: it makes the reader look again)
    """An app was removed, maybe made again, since this process looked it up."""


class Catalog:
    """Remembers apps. Other servers may remove them, which a read finds out and looks again."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._known: dict[str, App] = {}

    async def ask(self, appid: str, question: Callable[[App], Awaitable[T]], nothing: T) -> T:
        """Return what a question about an app gives, or ``nothing`` without the app."""
        app = self._known.get(appid) or await self._look_up(appid)
        while app is not None:
            try:
                return await question(app)
            except (Gone, asyncpg.UndefinedTableError):
                gone, app = app, await self._look_up(appid)
                if app == gone:  # its entry is there, but somebody removed its table
                    raise
        return nothing

    async def _look_up(self, appid: str) -> App | None:
        app = await find_app(self._pool, appid)
        if app is not None:
            self._known[appid] = app
        else:
            self._known.pop(appid, None)
        return app


async def find_app(connection: asyncpg.Pool | asyncpg.Connection, appid: str) -> App | None:
    """Return an app as it is at the moment."""
    query = "SELECT app, shared FROM objects_apps WHERE key = $1"
    row = await connection.fetchrow(query, key_of(appid))
    return None if row is None else App(row["app"], appid, row["shared"])


async def lock_app(connection: asyncpg.Connection, appid: str) -> tuple[App, int] | None:
    """Return an app and its counter; nobody else changes them before the transaction ends."""
    query = "SELECT app, shared, counter FROM objects_apps WHERE key = $1 FOR UPDATE"
    row = await connection.fetchrow(query, key_of(appid))
    return None if row is None else (App(row["app"], appid, row["shared"]), row["counter"])
