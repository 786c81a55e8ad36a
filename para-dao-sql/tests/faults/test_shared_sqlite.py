"""Processes that share a file: who may come in, and what a removed app leaves in their memory."""

from __future__ import annotations

import asyncio
import fcntl
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from para_core.contracts.dao import Put, Write
from para_core.errors import BackendError, ConfigError, ConflictError
from para_core.testing.dao import a_record
from para_dao_sql.sqlite import SqliteDAO
from para_dao_sql.sqlite.catalog import Catalog
from para_dao_sql.sqlite.file import lock, unlock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "para.db"


def shared(file: Path, group: str = "one") -> SqliteDAO:
    dao = SqliteDAO(file)
    dao.share(group)
    return dao


async def test_only_the_group_that_has_a_file_comes_in(file: Path) -> None:
    async with shared(file), shared(file):
        for stranger in (SqliteDAO(file), shared(file, "other")):
            with pytest.raises(ConfigError, match="in use by process"):
                await stranger.open()
    async with SqliteDAO(file):
        with pytest.raises(ConfigError, match="in use by process"):
            await shared(file).open()
    async with shared(file, "other"):
        pass


def test_who_opens_a_file_at_the_same_moment_comes_in_too(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, asked = fcntl.flock, list[int]()

    def in_between(holder: IO[str], how: int) -> None:
        if how & fcntl.LOCK_SH:
            asked.append(how)
            if len(asked) == 1:  # the system lets go of the one lock before it gives the other
                flock(holder, fcntl.LOCK_UN)
                flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        flock(holder, how)

    unlock(lock(file, "one"))
    with file.with_name(f"{file.name}.lock").open("a+") as other:
        monkeypatch.setattr(fcntl, "flock", in_between)
        unlock(lock(file, "one"))
    assert len(asked) > 1


async def test_an_app_of_another_process_is_met_after_a_look_that_failed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Catalog, __: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database is locked")

    async with shared(file) as one, shared(file) as other:
        assert await other.apps() == []
        await one.create("app", a_record("cat"))
        with monkeypatch.context() as patched:
            patched.setattr(Catalog, "renew", fails)
            with pytest.raises(BackendError):
                await other.read("app", "cat")
        assert await other.read("app", "cat")


async def test_numbers_go_on_from_those_of_a_process_that_was_alone(file: Path) -> None:
    async with SqliteDAO(file) as alone:
        numbers = [await alone.create("app", a_record(f"cat{n}")) for n in range(3)]
    async with shared(file) as one, shared(file) as other:
        numbers += [await dao.create("app", a_record("cat")) for dao in (one, other, one, other)]
    async with SqliteDAO(file) as alone:
        numbers.append(await alone.create("app", a_record("cat")))
    assert numbers == sorted(set(numbers))


async def test_of_two_who_expect_the_same_one_wins(file: Path) -> None:
    async with shared(file) as one, shared(file) as other:
        number = await one.create("app", a_record("cat"))
        write = Write("update", [Put(a_record("cat", text="new"), number)])
        asked = [dao.write("app", write) for dao in (one, other) for _ in range(10)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 19


@pytest.mark.parametrize("is_shared", [False, True], ids=["own table", "shared table"])
async def test_an_app_that_another_process_removed_is_gone_at_once(
    file: Path,
    is_shared: bool,  # noqa: FBT001
) -> None:
    async with shared(file) as one, shared(file) as other:
        await one.create_table("app", shared=is_shared)
        await one.create("app", a_record("cat"))
        assert await other.read("app", "cat")
        await one.delete_table("app")
        assert await other.read("app", "cat") is None
        assert await other.read_page("app") == []
        assert await other.last_change("app") == 0
        assert await other.apps() == []
        await one.create("app", a_record("dog"))
        assert [record.id for record in await other.read_page("app")] == ["dog"]


WRITER = """
import asyncio, sys
from pathlib import Path
from para_core.testing.dao import a_record
from para_dao_sql.sqlite import SqliteDAO
from para_dao_sql.sqlite.catalog import Catalog
from para_dao_sql.sqlite.file import lock, unlock

async def main():
    dao = SqliteDAO(Path(sys.argv[1]))
    dao.share("one")
    await dao.open()
    n = 0
    while True:
        records = [a_record(f"{sys.argv[2]}-{n}-{k}") for k in range(20)]
        await asyncio.gather(*(dao.create("app", record) for record in records))
        print(n, flush=True)
        n += 1

asyncio.run(main())
"""


async def test_a_process_killed_while_it_writes_holds_nobody_up(file: Path) -> None:
    """What it was told is stored is there, whole batches or nothing, and the others go on."""
    async with shared(file) as dao:
        for name in ("a", "b", "c"):
            process = subprocess.Popen(  # noqa: ASYNC220, S603
                [sys.executable, "-c", WRITER, str(file), name], stdout=subprocess.PIPE
            )
            assert process.stdout is not None
            told = b""
            for _ in range(10):
                told = await asyncio.to_thread(process.stdout.readline)
                await dao.create("app", a_record("mine"))
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
            wanted = [f"{name}-{n}-{k}" for n in range(int(told) + 1) for k in range(20)]
            assert len(await dao.read_all("app", wanted)) == len(wanted)
            async with asyncio.timeout(5):
                last = await dao.create("app", a_record(f"after-{name}"))
            feed = [c.number for c in await dao.changes("app", 0, 100_000)]
            assert feed == sorted(set(feed))
            assert feed[-1] == last
