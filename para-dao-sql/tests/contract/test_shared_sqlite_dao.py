"""Two processes on one file are as one: the suite passes when each call goes to the other one."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from para_core.contracts.dao import DAO, Change, Record, Write
from para_core.contracts.snapshot import Snapshot
from para_core.testing.dao import DAOSuite
from para_dao_sql.sqlite import SqliteDAO


class Alternating(DAO):
    """Sends each call to the next of several DAOs."""

    def __init__(self, *members: DAO) -> None:
        self._members = members
        self._turns = itertools.cycle(members)

    async def open(self) -> None:
        for member in self._members:
            await member.open()

    async def close(self) -> None:
        for member in self._members:
            await member.close()

    async def create_table(self, appid: str, *, shared: bool = False) -> None:
        await next(self._turns).create_table(appid, shared=shared)

    async def delete_table(self, appid: str) -> None:
        await next(self._turns).delete_table(appid)

    async def read(self, appid: str, key: str) -> Record | None:
        return await next(self._turns).read(appid, key)

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        return await next(self._turns).read_all(appid, keys)

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        return await next(self._turns).read_page(appid, after=after, limit=limit, kind=kind)

    async def write(self, appid: str, write: Write) -> int:
        return await next(self._turns).write(appid, write)

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        return await next(self._turns).changes(appid, after, limit)

    async def last_change(self, appid: str) -> int:
        return await next(self._turns).last_change(appid)

    async def forget_changes(self, appid: str, upto: int) -> None:
        await next(self._turns).forget_changes(appid, upto)

    async def apps(self) -> list[str]:
        return await next(self._turns).apps()

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        return next(self._turns).snapshot()


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
