"""Apps, their tables, and the SQL that every product understands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from para_core.errors import ConfigError
from para_core.tables import table_name
from para_dao_sql.servers.rows import key_of

if TYPE_CHECKING:
    from para_dao_sql.servers.dialect import Asked

__all__ = [
    "COLUMNS",
    "HIGHEST",
    "NO_TABLES",
    "SHARED_TABLE",
    "THE_APP",
    "App",
    "Statements",
    "check_format",
    "feed_of",
    "find_app",
    "lock_app",
    "questions_with_witness",
]

HIGHEST = 2**63 - 1  # what a bigint holds
SHARED_TABLE = "objects_shared"
COLUMNS = ("key", "id", "type", "data", "change")
"""Those of a record, in the order of ``rows.record_of``."""
THE_APP = '(SELECT app FROM objects_apps WHERE "key" = $1)'
NO_TABLES = "the database holds no tables of Para; check the address in para.sql.url"
LOCK_APP = 'SELECT app, shared, counter FROM objects_apps WHERE "key" = $1 FOR UPDATE'


@dataclass(frozen=True, slots=True)
class App:
    """One app in the catalog."""

    number: int
    appid: str
    shared: bool

    @property
    def table(self) -> str:
        """The table with its records."""
        return SHARED_TABLE if self.shared else table_name(self.number, self.appid)


@dataclass(frozen=True, slots=True)
class Statements:
    """The SQL that reads from one table. The first value is always the number of the app.

    When the app has gone, reads fail for want of its table or return no row. Where ``has_witness``
    they return one row without values when the app is there and only the records are absent.
    """

    read: str
    page: str
    page_of_kind: str
    changed: str
    changes_of: str
    has_witness: bool


async def check_format(connection: Asked, highest: int) -> int:
    """Return the format of the tables.

    Raises:
        ConfigError: It is a later one than this version reads.
    """
    found: int | None = await connection.fetchval("SELECT format FROM objects_format")
    if found is None or found > highest:
        raise ConfigError(
            f"the database has format {found}, and this version reads formats up to {highest}; "
            "install the para-dao-sql that wrote it, or a later one"
        )
    return found


async def find_app(connection: Asked, appid: str) -> App | None:
    """Return an app as it is at the moment."""
    query = 'SELECT app, shared FROM objects_apps WHERE "key" = $1'
    for number, shared in await connection.fetch(query, key_of(appid)):
        return App(number, appid, bool(shared))
    return None


async def lock_app(connection: Asked, appid: str) -> tuple[App, int] | None:
    """Return an app and its counter; nobody else changes them before the transaction ends."""
    for number, shared, counter in await connection.fetch(LOCK_APP, key_of(appid)):
        return App(number, appid, bool(shared)), counter
    return None


def feed_of(app: str, first: str) -> str:
    """Return the SQL that reads a portion of a feed, with numbers above the second value.

    Args:
        app: What is the number of the app.
        first: As in ``Dialect``.
    """
    return (
        'SELECT "number", event, "keys" FROM objects_changes '  # noqa: S608
        f'WHERE app = {app} AND "number" > $2 ORDER BY "number" {first}'
    )


@lru_cache(maxsize=1024)
def questions_with_witness(table: str, *, shared: bool, first: str) -> Statements:
    """Return the SQL that reads from a table, for products that want lists of values in ``IN``.

    Args:
        table: Its name, from ``App.table``.
        shared: Whether it has the records of several apps.
        first: As in ``Dialect``.
    """
    page = f'ORDER BY o."key" {first}'
    return Statements(
        read=_select(table, 'o."key" IN ($2)', shared=shared),
        page=_select(table, 'o."key" > $2', page, shared=shared),
        page_of_kind=_select(table, 'o."key" > $2 AND o."type" = $4', page, shared=shared),
        changed=_select(table, 'o."key" > $2 AND o."change" > $4', page, shared=shared),
        changes_of=f'SELECT "key", "change" FROM {table} '  # noqa: S608
        f'WHERE {"app = $1 AND " if shared else ""}"key" IN ($2)',
        has_witness=True,
    )


def _select(table: str, where: str, order: str = "", *, shared: bool) -> str:
    columns = ", ".join(f'o."{column}"' for column in COLUMNS)
    of_app = "o.app = a.app AND " if shared else ""
    return (
        f"SELECT {columns} FROM objects_apps a "  # noqa: S608
        f"LEFT JOIN {table} o ON {of_app}{where} WHERE a.app = $1 {order}"
    )
