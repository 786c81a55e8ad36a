"""Objects in an Oracle database, which many servers may share. Experimental."""

from __future__ import annotations

from para_dao_sql.oracle.dao import OracleDAO

__all__ = ["OracleDAO"]
