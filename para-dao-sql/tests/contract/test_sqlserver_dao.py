"""The DAO on SQL Server passes the suite, with its driver, on what stands in for the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.testing.dao import DAOSuite
from para_dao_sql.address import SqlServerAddress
from para_dao_sql.sqlserver import SqlServerDAO

from ..stand_in.engine import Engine  # noqa: TID252 - tests have no absolute names
from ..stand_in.grammar import SQL_SERVER  # noqa: TID252
from ..stand_in.tds import serve  # noqa: TID252
from ..stand_in.walk import listed, said_by  # noqa: TID252


class TestSqlServerDAO(DAOSuite):
    @pytest.fixture
    async def dao(self, tmp_path: Path) -> AsyncIterator[SqlServerDAO]:
        engine = Engine(SQL_SERVER, tmp_path / "stand-in.db")
        with serve(engine) as port:
            address = SqlServerAddress("127.0.0.1", port, "para", "user", "secret")
            async with SqlServerDAO(address, timeout_ms=60_000) as dao:
                yield dao
        assert set(said_by(engine)) <= set(listed("sqlserver"))
