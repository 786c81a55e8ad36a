"""The suite on a real SQL Server or Oracle, for whoever has one; its tables of Para are removed.

::

    PARA_TEST_SQLSERVER_URL="jdbc:sqlserver://host;databaseName=test;user=para;password=…" \\
        pytest -m service para-dao-sql/tests/contract/test_experiments_on_servers.py
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from para_core.testing.dao import DAOSuite
from para_dao_sql.address import OracleAddress, SqlServerAddress, parse_address
from para_dao_sql.oracle import OracleDAO
from para_dao_sql.oracle.dialect import OracleDialect
from para_dao_sql.servers.one_table import OneTableDialect
from para_dao_sql.settings import SqlSettings
from para_dao_sql.sqlserver import SqlServerDAO
from para_dao_sql.sqlserver.dialect import SqlServerDialect

_TABLES = ("apps", "changes", "format", "groups", "holders", "leftovers", "shared")
_LIMIT_MS = 20_000


async def remove_tables(dialect: OneTableDialect[Any]) -> None:
    """Begin with nothing."""
    connection = await dialect.connect()
    try:
        for name in _TABLES:
            try:
                await connection.execute(f"DROP TABLE objects_{name}")
            except dialect.failures as error:  # it is not there
                await connection.rollback()
                if not dialect.is_about_one(error):
                    raise
    finally:
        await connection.close()


@pytest.mark.service("sqlserver")
class TestSqlServerOnAServer(DAOSuite):
    @pytest.fixture
    async def dao(self) -> AsyncIterator[SqlServerDAO]:
        address = parse_address(SqlSettings(url=os.environ["PARA_TEST_SQLSERVER_URL"]), "")
        assert isinstance(address, SqlServerAddress)
        await remove_tables(SqlServerDialect(address, timeout_ms=_LIMIT_MS))
        async with SqlServerDAO(address, timeout_ms=_LIMIT_MS) as dao:
            yield dao


@pytest.mark.service("oracle")
class TestOracleOnAServer(DAOSuite):
    @pytest.fixture
    async def dao(self) -> AsyncIterator[OracleDAO]:
        address = parse_address(SqlSettings(url=os.environ["PARA_TEST_ORACLE_URL"]), "")
        assert isinstance(address, OracleAddress)
        await remove_tables(OracleDialect(address, timeout_ms=_LIMIT_MS))
        async with OracleDAO(address, timeout_ms=_LIMIT_MS) as dao:
            yield dao
