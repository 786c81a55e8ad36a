"""The DAO on MariaDB and MySQL."""

from __future__ import annotations

from para_dao_sql.address import MariaDBAddress
from para_dao_sql.mariadb.dialect import MariaDBDialect
from para_dao_sql.servers import ServerDAO

__all__ = ["MariaDBDAO"]


class MariaDBDAO(ServerDAO):
    """Keeps all apps in a MariaDB or MySQL database."""

    def __init__(
        self, address: MariaDBAddress, *, timeout_ms: int = 5000, pool_size: int = 6
    ) -> None:
        dialect = MariaDBDialect(address, timeout_ms=timeout_ms)
        super().__init__(dialect, timeout_ms=timeout_ms, pool_size=pool_size)
