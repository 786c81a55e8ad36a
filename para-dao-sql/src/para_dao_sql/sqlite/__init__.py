"""Objects in one SQLite file: the embedded database."""

from __future__ import annotations

from para_dao_sql.sqlite.dao import SqliteDAO

__all__ = ["SqliteDAO"]
