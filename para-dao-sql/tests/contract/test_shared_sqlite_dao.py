"""Two processes on one file are as one: the suite passes when each call goes to the other one."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from para_core.contracts.dao import DAO
from para_core.passing import PassingDAO
from para_core.testing.dao import DAOSuite, GroupSuite
from para_dao_sql.sqlite import SqliteDAO


class Alternating(PassingDAO):
    """Sends each call to the next of several DAOs."""

    def __init__(self, *members: DAO) -> None:
        self._members = members
        self._turns = itertools.cycle(members)

    @property
    def dao(self) -> DAO:  # type: ignore[override]
        return next(self._turns)

    async def open(self) -> None:
        for member in self._members:
            await member.open()

    async def close(self) -> None:
        for member in self._members:
            await member.close()


def shared(file: Path, group: str = "one") -> SqliteDAO:
    dao = SqliteDAO(file)
    dao.share(group)
    return dao


class TestSharedSqliteDAO(DAOSuite):
    @pytest.fixture
    async def dao(self, tmp_path: Path) -> AsyncIterator[DAO]:
        file = tmp_path / "data" / "para.db"
        async with Alternating(shared(file), shared(file), shared(file)) as dao:
            yield dao


class TestSqliteGroups(GroupSuite):
    @pytest.fixture
    def instance(self, tmp_path: Path) -> Callable[[], SqliteDAO]:
        return lambda: SqliteDAO(tmp_path / "para.db")
