"""Object storage for Para in SQL databases: SQLite and PostgreSQL."""

from __future__ import annotations
