"""Databases of their own on the MariaDB of the tests."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from para_dao_sql.address import MariaDBAddress, parse_address
from para_dao_sql.mariadb.connection import connect
from para_dao_sql.settings import SqlSettings

__all__ = ["a_database"]


@asynccontextmanager
async def a_database() -> AsyncIterator[MariaDBAddress]:
    """Return the address of a database on the test server, which is dropped at the end."""
    address = parse_address(SqlSettings(url=os.environ["PARA_TEST_MARIADB_URL"]), "")
    assert isinstance(address, MariaDBAddress)
    name = f"test_{uuid.uuid4().hex[:12]}"
    connection = await connect(address, 10)
    try:
        await connection.run(f"CREATE DATABASE {name}")
        yield replace(address, database=name)
        await connection.run(f"DROP DATABASE IF EXISTS {name}")
    finally:
        await connection.close()
