"""Nothing is restored or moved into a PostgreSQL database that a server uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.config import load_config
from para_core.contracts.dao import DAO
from para_core.objects import Sysprop
from para_core.objects.codec import record_of
from para_server.cli import main

from ..e2e.backends import a_schema  # noqa: TID252 - tests have no package
from ..unit.copies.samples import contents, fill  # noqa: TID252

pytestmark = pytest.mark.service("postgresql")


@pytest.fixture
async def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The address of an empty database, with a configuration for it beside one that is filled."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.conf").write_text('para.db.dir = "old"\n')
    async with database({"para.db.dir": "old"}) as dao:
        await fill(dao)
    async with a_schema() as url:
        (tmp_path / "new.conf").write_text(f'para.dao = "SqlDAO"\npara.sql.url = "{url}"\n')
        yield url


def database(values: dict[str, str]) -> DAO:
    from para_dao_sql.plugin import open_sql_dao

    return open_sql_dao(load_config(overrides=values, environ={}))


async def run(*arguments: str) -> int:
    return await asyncio.to_thread(main, arguments)


async def test_a_database_in_use_is_not_replaced(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("--config", "old.conf", "backup", "b") == 0
    restore = ("--config", "new.conf", "restore", "b", "--replace")
    move = ("move", "--from", "old.conf", "--to", "new.conf", "--replace")
    async with database({"para.sql.url": url}) as used:
        await used.create("app", record_of(Sysprop(id="mine", type="film")))
        before = await contents(used)
        for command in (restore, move):
            capsys.readouterr()
            assert await run(*command) == 2
            out, err = capsys.readouterr()
            assert (out, err.count("\n")) == ("", 1)
            assert "is in use by a server; stop every server that uses it" in err
        assert await contents(used) == before
    assert await run(*move) == 0
    async with database({"para.db.dir": "old"}) as old, database({"para.sql.url": url}) as new:
        assert await contents(old) == await contents(new)


async def test_the_source_of_a_move_stays_in_use(url: str) -> None:
    async with database({"para.sql.url": url}) as used:
        await fill(used)
        (Path.cwd() / "third.conf").write_text('para.db.dir = "third"\n')
        assert await run("move", "--from", "new.conf", "--to", "third.conf") == 0
        assert await run("--config", "new.conf", "backup", "b") == 0
