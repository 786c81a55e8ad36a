"""Which app lives in which table, as far as this process has asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from para_dao_sql.servers.dialect import Dialect, Pool
from para_dao_sql.servers.tables import App, find_app

__all__ = ["Catalog", "Gone"]

T = TypeVar("T")


class Gone(Exception):  # noqa: N818 (no failure: it makes the reader look again)
    """An app was removed, maybe made again, since this process looked it up."""


class Catalog:
    """Remembers apps. Other servers may remove them, which a read finds out and looks again."""

    def __init__(self, pool: Pool, dialect: Dialect[Any]) -> None:
        self._pool, self._dialect = pool, dialect
        self._signs: tuple[type[Exception], ...] = (Gone, *dialect.failures)
        self._known: dict[str, App] = {}

    async def ask(self, appid: str, question: Callable[[App], Awaitable[T]], nothing: T) -> T:
        """Return what a question about an app gives, or ``nothing`` without the app."""
        app = self._known.get(appid) or await self._look_up(appid)
        while app is not None:
            try:
                return await question(app)
            except self._signs as error:
                if not isinstance(error, Gone) and not self._dialect.is_missing_table(error):
                    raise
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
