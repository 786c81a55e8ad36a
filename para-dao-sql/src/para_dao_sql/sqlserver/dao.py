"""The DAO on SQL Server."""

from __future__ import annotations

from para_dao_sql.address import SqlServerAddress
from para_dao_sql.servers import ServerDAO
from para_dao_sql.sqlserver.dialect import SqlServerDialect

__all__ = ["SqlServerDAO"]


class SqlServerDAO(ServerDAO):
    """Keeps all apps in a SQL Server database. No server of this product has run its tests."""

    def __init__(
        self, address: SqlServerAddress, *, timeout_ms: int = 5000, pool_size: int = 6
    ) -> None:
        dialect = SqlServerDialect(address, timeout_ms=timeout_ms)
        super().__init__(dialect, timeout_ms=timeout_ms, pool_size=pool_size)
