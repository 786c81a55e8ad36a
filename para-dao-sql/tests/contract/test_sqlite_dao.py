"""SQLite passes the suite of the DAO contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.testing.dao import DAOSuite
from para_dao_sql.sqlite import SqliteDAO


class TestSqliteDAO(DAOSuite):
    @pytest.fixture
    async def dao(self, tmp_path: Path) -> AsyncIterator[SqliteDAO]:
        async with SqliteDAO(tmp_path / "data" / "para.db") as dao:
            yield dao
