"""Objects in a SQL Server database, which many servers may share. Experimental."""

from __future__ import annotations

from para_dao_sql.sqlserver.dao import SqlServerDAO

__all__ = ["SqlServerDAO"]
