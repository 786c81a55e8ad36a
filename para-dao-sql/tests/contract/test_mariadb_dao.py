"""MariaDB passes the suite of the DAO contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from para_core.testing.dao import DAOSuite, GroupSuite
from para_dao_sql.mariadb import MariaDBDAO

from ..mariadb_databases import a_database  # noqa: TID252 - tests have no absolute names


@pytest.mark.service("mariadb")
class TestMariaDBDAO(DAOSuite):
    @pytest.fixture
    async def dao(self) -> AsyncIterator[MariaDBDAO]:
        async with a_database() as address, MariaDBDAO(address) as dao:
            yield dao


@pytest.mark.service("mariadb")
class TestMariaDBGroups(GroupSuite):
    @pytest.fixture
    async def instance(self) -> AsyncIterator[Callable[[], MariaDBDAO]]:
        async with a_database() as address:
            yield lambda: MariaDBDAO(address)
