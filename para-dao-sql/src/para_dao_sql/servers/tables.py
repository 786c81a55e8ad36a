"""Apps, their tables, and the SQL that every product understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.errors import ConfigError
from para_core.tables import table_name
from para_dao_sql.servers.rows import key_of

if TYPE_CHECKING:
    from para_dao_sql.servers.dialect import Asked

__all__ = [
    "HIGHEST",
    "NO_TABLES",
    "SHARED_TABLE",
    "App",
    "Statements",
    "check_format",
    "find_app",
    "lock_app",
]

HIGHEST = 2**63 - 1  # what a bigint holds
SHARED_TABLE = "objects_shared"
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
