"""The DAO on Oracle."""

from __future__ import annotations

from para_dao_sql.address import OracleAddress
from para_dao_sql.oracle.dialect import OracleDialect
from para_dao_sql.servers import ServerDAO

__all__ = ["OracleDAO"]


class OracleDAO(ServerDAO):
    """Keeps all apps in an Oracle database. No server of this product has run its tests."""

    def __init__(
        self, address: OracleAddress, *, timeout_ms: int = 5000, pool_size: int = 6
    ) -> None:
        dialect = OracleDialect(address, timeout_ms=timeout_ms)
        super().__init__(dialect, timeout_ms=timeout_ms, pool_size=pool_size)
