"""The DAO on PostgreSQL."""

from __future__ import annotations

from para_dao_sql.address import PostgresAddress
from para_dao_sql.postgresql.dialect import PostgresDialect
from para_dao_sql.servers import ServerDAO

__all__ = ["PostgresDAO"]


class PostgresDAO(ServerDAO):
    """Keeps all apps in a PostgreSQL database."""

    def __init__(
        self, address: PostgresAddress, *, timeout_ms: int = 5000, pool_size: int = 6
    ) -> None:
        dialect = PostgresDialect(address, timeout_ms=timeout_ms)
        super().__init__(dialect, timeout_ms=timeout_ms, pool_size=pool_size)
