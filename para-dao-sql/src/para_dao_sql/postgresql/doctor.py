"""Does PostgreSQL keep what it has answered, and take as many connections as Para makes?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.checks import Finding, bad, good
from para_dao_sql.postgresql.dialect import PostgresDialect
from para_dao_sql.postgresql.errors import FAILURES
from para_dao_sql.servers.troubles import few_connections, no_wait

if TYPE_CHECKING:
    from para_dao_sql.address import PostgresAddress

__all__ = ["ServerSettings", "examine", "findings"]

# As they hold for this user in this database, each of which may have settings of its own.
_QUERY = """
SELECT current_setting('server_version'), current_setting('fsync'),
current_setting('synchronous_commit'), current_setting('full_page_writes'),
LEAST(
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int,
    (SELECT NULLIF(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
    (SELECT NULLIF(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
)
"""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What the database server was told; the texts are ``on`` or ``off``, or say more."""

    version: str
    fsync: str
    synchronous_commit: str
    full_page_writes: str
    connections: int  # of all, of this user or to this database, whichever is least


async def examine(address: PostgresAddress, timeout_ms: int, connections: int) -> Iterable[Finding]:
    """Ask the server; one that cannot be asked is a matter of the check of the back-ends."""
    try:
        connection = await PostgresDialect(address, timeout_ms=timeout_ms).connect()
        try:
            row = await connection.fetchrow(_QUERY, timeout=timeout_ms / 1000)
        finally:
            await connection.close(timeout=timeout_ms / 1000)
    except FAILURES:
        return []
    return list(findings(ServerSettings(*row), connections))


def findings(settings: ServerSettings, connections: int) -> Iterator[Finding]:
    """Return what there is to say about its settings, when so many connections may be made."""
    troubles = list(_troubles(settings, connections))
    yield from troubles
    if not troubles:
        yield good(f"PostgreSQL {settings.version} keeps what it has answered")


def _troubles(settings: ServerSettings, connections: int) -> Iterator[Finding]:
    if "off" in (settings.fsync, settings.synchronous_commit):
        yield no_wait("set fsync and synchronous_commit to on there, for this user too")
    if settings.full_page_writes == "off":
        yield bad(
            "a crash of the machine can damage the database: it keeps no whole pages in its log",
            "set full_page_writes to on there, unless the file system writes pages whole",
        )
    if settings.connections < connections:
        limit = "max_connections, or CONNECTION LIMIT of the user or database,"
        yield few_connections(settings.connections, connections, limit)
