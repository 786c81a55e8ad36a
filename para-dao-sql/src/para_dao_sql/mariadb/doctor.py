"""Does the database server keep what it has answered, and take what Para sends?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.checks import Finding, bad, good
from para_dao_sql.mariadb.connection import connect
from para_dao_sql.mariadb.errors import FAILURES
from para_dao_sql.servers.troubles import few_connections, no_wait

if TYPE_CHECKING:
    from para_dao_sql.address import MariaDBAddress

__all__ = ["Needs", "ServerSettings", "examine", "findings"]

_QUERY = (
    "SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@max_allowed_packet, "
    "@@max_connections, IF(@@log_bin, @@binlog_format, '')"
)
_TIMES = 3  # an object is larger as a literal, and its ids and the rest of the packet need room


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What the database server was told."""

    version: str
    flush: int  # innodb_flush_log_at_trx_commit
    packet: int  # max_allowed_packet
    connections: int  # max_connections
    log: str  # binlog_format, empty without a binary log


@dataclass(frozen=True, slots=True)
class Needs:
    """What this configuration asks of it."""

    entity_bytes: int
    connections: int


async def examine(address: MariaDBAddress, timeout_sec: float, needs: Needs) -> Iterable[Finding]:
    """Ask the server; one that cannot be asked is a matter of the check of the back-ends."""
    try:
        connection = await connect(address, timeout_sec)
    except FAILURES:
        return []
    try:
        (row,) = await connection.fetch(_QUERY)
    finally:
        await connection.close()
    version, flush, packet, connections, log = row
    settings = ServerSettings(version, int(flush), int(packet), int(connections), log)
    return list(findings(settings, needs))


def findings(settings: ServerSettings, needs: Needs) -> Iterator[Finding]:
    """Return what there is to say about its settings."""
    troubles = list(_troubles(settings, needs))
    yield from troubles
    if not troubles:
        yield good(f"{settings.version} keeps what it has answered, and takes what is sent")


def _troubles(settings: ServerSettings, needs: Needs) -> Iterator[Finding]:
    if settings.flush != 1:
        yield no_wait("set innodb_flush_log_at_trx_commit to 1 there")
    if settings.packet < _TIMES * needs.entity_bytes:
        yield bad(
            f"the database server takes packets of {settings.packet} bytes, and an object may have "
            f"{needs.entity_bytes}",
            f"set max_allowed_packet to {_TIMES * needs.entity_bytes} there, or lower "
            "para.max_entity_size_bytes",
        )
    if settings.connections < needs.connections:
        yield few_connections(settings.connections, needs.connections, "max_connections")
    if settings.log.upper() == "STATEMENT":
        yield bad(
            "the binary log of the database server wants statements, so writes fail",
            "set binlog_format to MIXED or ROW there",
        )
