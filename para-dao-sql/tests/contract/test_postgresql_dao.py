"""PostgreSQL passes the suite of the DAO contract."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from para_core.testing.dao import DAOSuite, GroupSuite
from para_dao_sql.address import PostgresAddress, parse_address
from para_dao_sql.postgresql import PostgresDAO
from para_dao_sql.settings import SqlSettings


@asynccontextmanager
async def a_schema() -> AsyncIterator[PostgresAddress]:
    """Return the address of the test server, for a schema that is dropped at the end."""
    url, schema = os.environ["PARA_TEST_POSTGRESQL_URL"], f"test_{uuid.uuid4().hex[:12]}"
    joint = "&" if "?" in url else "?"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE SCHEMA {schema}")
        address = parse_address(SqlSettings(url=f"{url}{joint}currentSchema={schema}"), "")
        assert isinstance(address, PostgresAddress)
        yield address
        await connection.execute(f"DROP SCHEMA {schema} CASCADE")
    finally:
        await connection.close()


@pytest.mark.service("postgresql")
class TestPostgresDAO(DAOSuite):
    @pytest.fixture
    async def dao(self) -> AsyncIterator[PostgresDAO]:
        async with a_schema() as address, PostgresDAO(address) as dao:
            yield dao


@pytest.mark.service("postgresql")
class TestPostgresGroups(GroupSuite):
    @pytest.fixture
    async def instance(self) -> AsyncIterator[Callable[[], PostgresDAO]]:
        async with a_schema() as address:
            yield lambda: PostgresDAO(address)
