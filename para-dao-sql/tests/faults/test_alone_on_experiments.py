"""Who has a database of SQL Server or Oracle: any number of servers, or one process alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from para_core.errors import ConfigError
from para_core.testing.dao import GroupSuite, a_record
from para_dao_sql.address import OracleAddress, SqlServerAddress
from para_dao_sql.oracle import OracleDAO
from para_dao_sql.servers import ServerDAO
from para_dao_sql.sqlserver import SqlServerDAO

from ..stand_in.engine import Engine  # noqa: TID252 - tests have no absolute names
from ..stand_in.grammar import ORACLE, SQL_SERVER  # noqa: TID252
from ..stand_in.oracle import stand_in_for_oracle  # noqa: TID252
from ..stand_in.tds import serve  # noqa: TID252

_LIMIT_MS = 60_000


@pytest.fixture(params=["SQL Server", "Oracle"])
def make(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], ServerDAO]]:
    """Return what makes one more DAO on the same database."""
    if request.param == "Oracle":
        stand_in_for_oracle(monkeypatch, Engine(ORACLE, tmp_path / "stand-in.db"))
        address = OracleAddress("h/db", "user", "secret")
        yield lambda: OracleDAO(address, timeout_ms=_LIMIT_MS)
        return
    with serve(Engine(SQL_SERVER, tmp_path / "stand-in.db")) as port:
        place = SqlServerAddress("127.0.0.1", port, "para", "user", "secret")
        yield lambda: SqlServerDAO(place, timeout_ms=_LIMIT_MS)


async def test_nobody_is_alone_while_servers_use_it(make: Callable[[], ServerDAO]) -> None:
    async with make() as one, make() as other:
        await one.create("app", a_record("cat1"))
        await other.create("app", a_record("cat2"))
        with pytest.raises(ConfigError, match="stop every server that uses it"):
            await make().open_alone()
        assert len(await one.read_page("app")) == 2
    alone = make()
    await alone.open_alone()
    await alone.create("app", a_record("cat3"))
    await alone.close()


async def test_who_is_alone_keeps_servers_out_and_readers_not(
    make: Callable[[], ServerDAO],
) -> None:
    alone = make()
    await alone.open_alone()
    number = await alone.create("app", a_record("cat1"))
    with pytest.raises(ConfigError, match="in use by a command that replaces"):
        await make().open()
    with pytest.raises(ConfigError):
        await make().open_alone()
    beside = make()
    await beside.open_beside()
    async with beside.snapshot() as seen:
        assert await seen.last_change("app") == number
    await beside.close()
    await alone.close()
    async with make() as dao:
        assert await dao.last_change("app") == number


async def test_a_store_that_is_not_there_is_not_made_for_readers(
    make: Callable[[], ServerDAO],
) -> None:
    with pytest.raises(ConfigError, match="holds no tables of Para"):
        await make().open_beside()


async def test_an_app_is_cleared_in_portions(make: Callable[[], ServerDAO]) -> None:
    async with make() as dao:
        for appid in ("gone", "stays"):
            await dao.create_all(appid, [a_record(f"id{number:04}") for number in range(2100)])
        await dao.delete_table("gone")
        assert await dao.apps() == ["stays"]
        assert len(await dao.read_page("stays", limit=5000)) == 2100
        assert await dao.read_page("gone") == []


class TestGroups(GroupSuite):
    @pytest.fixture
    def instance(self, make: Callable[[], ServerDAO]) -> Callable[[], ServerDAO]:
        return make
