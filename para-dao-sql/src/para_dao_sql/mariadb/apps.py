"""Apps come and go: in a transaction, though making and removing a table is in none."""

from __future__ import annotations

from asyncmy.errors import MySQLError

from para_dao_sql.mariadb.connection import MariaDBConnection
from para_dao_sql.mariadb.errors import DUPLICATE, number_of
from para_dao_sql.mariadb.tables import KIND, RECORDS, clear_leftovers
from para_dao_sql.servers.rows import encode, key_of
from para_dao_sql.servers.tables import LOCK_APP, App, find_app

__all__ = ["make_app", "remove_app"]

# Whoever makes or removes an app has this row first, so that nobody waits in a circle, and a new
# app begins above the numbers of those that are gone.
_LOCK_FLOOR = "SELECT floor FROM objects_format FOR UPDATE"
_GROW = "UPDATE objects_format SET apps = apps + 1; SELECT apps FROM objects_format"


async def make_app(connection: MariaDBConnection, appid: str, *, shared: bool) -> None:
    """Give an app its number and its table, unless it has them."""
    while await find_app(connection, appid) is None:
        app = await _begin(connection, appid, shared=shared)
        if not shared:
            await connection.run(f"CREATE TABLE IF NOT EXISTS {app.table} ({RECORDS}) {KIND}")
        await _finish(connection, app)


async def _begin(connection: MariaDBConnection, appid: str, *, shared: bool) -> App:
    """Return an app with a number that no other has; its table is a leftover until it is there."""
    rows = await connection.begin(_GROW)
    app = App(int(rows[0][0]), appid, shared)
    keep = "" if shared else "INSERT INTO objects_leftovers VALUES ($1, 0); "
    await connection.run(f"{keep}COMMIT", app.table)
    return app


async def _finish(connection: MariaDBConnection, app: App) -> None:
    """Enter the app, unless another server has done it, or has taken its table for a leftover."""
    rows = await connection.begin(_LOCK_FLOOR)
    keep = "DELETE FROM objects_leftovers WHERE name = $1 AND NOT doomed"
    if not app.shared and await connection.execute(keep, app.table) != 1:
        await connection.run("ROLLBACK")
        return
    values = (app.number, key_of(app.appid), encode(app.appid), app.shared, rows[0][0], 0)
    try:
        await connection.run("INSERT INTO objects_apps VALUES $1; COMMIT", values)
    except MySQLError as error:
        if number_of(error) != DUPLICATE:
            raise
        await connection.run(
            "ROLLBACK; UPDATE objects_leftovers SET doomed = 1 WHERE name = $1", app.table
        )
        await clear_leftovers(connection)


async def remove_app(connection: MariaDBConnection, appid: str) -> None:
    """Remove an app and all that it has; later apps begin above its numbers."""
    rows = await connection.begin(f"{_LOCK_FLOOR}; {LOCK_APP}", key_of(appid))
    if not rows:
        await connection.run("ROLLBACK")
        return
    number, shared, counter = rows[0]
    app = App(number, appid, bool(shared))
    records = (
        "DELETE FROM objects_shared WHERE app = $1"
        if app.shared
        else "INSERT INTO objects_leftovers VALUES ($3, 1)"
    )
    await connection.run(
        f"{records}; DELETE FROM objects_changes WHERE app = $1; "  # noqa: S608
        "DELETE FROM objects_apps WHERE app = $1; "
        "UPDATE objects_format SET floor = GREATEST(floor, $2); COMMIT",
        *(number, counter, app.table),
    )
    await clear_leftovers(connection)
