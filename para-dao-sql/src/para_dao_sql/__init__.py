"""Object storage for Para in SQL databases: SQLite, PostgreSQL, MariaDB and MySQL."""

from __future__ import annotations
