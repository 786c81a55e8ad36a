"""Objects in a PostgreSQL database, which many servers may share."""

from __future__ import annotations

from para_dao_sql.postgresql.dao import PostgresDAO

__all__ = ["PostgresDAO"]
