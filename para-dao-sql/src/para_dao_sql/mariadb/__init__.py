"""Objects in a MariaDB or MySQL database, which many servers may share."""

from __future__ import annotations

from para_dao_sql.mariadb.dao import MariaDBDAO

__all__ = ["MariaDBDAO"]
