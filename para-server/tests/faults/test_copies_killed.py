"""kill -9 during a backup, a restore and a move: nothing half counts as whole, and all go on."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from para_core.config import load_config
from para_core.contracts.dao import DAO
from para_server.copies.backup import check_backup

from ..e2e.backends import DATABASES, SQLITE, a_place  # noqa: TID252 - tests have no package
from ..unit.copies.samples import contents, some_records  # noqa: TID252
from .process import Caller, ServerProcess

OBJECTS = 6_000  # a restore of so many takes longer than a start of Python
ROUNDS = int(os.environ.get("PARA_TEST_ROUNDS", "3"))


def database(config: Path) -> DAO:
    from para_dao_sql.plugin import open_sql_dao

    return open_sql_dao(load_config(config, environ={}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an old database, large enough to be interrupted."""

    async def fill() -> None:
        async with database(tmp_path / "old.conf") as dao:
            for app in range(3):
                records = some_records(OBJECTS // 3, seed=app, size=400)
                for start in range(0, len(records), 500):
                    await dao.create_all(f"app{app}", records[start : start + 500])

    (tmp_path / "old.conf").write_text(f'para.db.dir = "{tmp_path}/old"\n')
    asyncio.run(fill())
    return tmp_path


@pytest.fixture(params=DATABASES)
def target(request: pytest.FixtureRequest, folder: Path) -> Iterator[Path]:
    """The configuration of the new database."""
    config = folder / "new.conf"
    if request.param == SQLITE:
        config.write_text(f'para.dao = "SqlDAO"\npara.db.dir = "{folder}/new"\n')
        yield config
        return
    place = a_place(request.param)
    with asyncio.Runner() as runner:
        url = runner.run(place.__aenter__())
        config.write_text(
            f'para.dao = "SqlDAO"\npara.sql.url = "{url}"\npara.db.dir = "{folder}/new"\n'
        )
        yield config
        runner.run(place.__aexit__(None, None, None))


def started(folder: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a command of the server."""
    environ = {k: v for k, v in os.environ.items() if not k.lower().startswith("para_")}
    command = [sys.executable, "-m", "para_server", *arguments]
    return subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE)  # noqa: S603


def killed(folder: Path, arguments: Sequence[str], after_sec: float) -> bool:
    """Kill a command after a while; tell whether it was still at work."""
    with started(folder, arguments) as process:
        time.sleep(after_sec)
        was_running = process.poll() is None
        process.send_signal(signal.SIGKILL)
    return was_running


def finished(folder: Path, arguments: Sequence[str]) -> float:
    """Run a command to its end; return how long it took."""
    began = time.monotonic()
    with started(folder, arguments) as process:
        assert process.wait(120) == 0
    return time.monotonic() - began


def moments(took: float) -> list[float]:
    """Return when to kill: at random, in the second half of the time, after the start."""
    chance = random.Random(7)  # noqa: S311 - a seed, not a secret
    return [took * chance.uniform(0.4, 0.95) for _ in range(ROUNDS)]


def held(config: Path) -> object:
    async def look() -> object:
        async with database(config) as dao:
            return await contents(dao)

    return asyncio.run(look())


def test_a_backup_that_was_killed_has_no_name(folder: Path) -> None:
    backup = ["--config", "old.conf", "backup", "b"]
    took = finished(folder, backup)
    (folder / "b").unlink()
    for moment in moments(took):
        killed(folder, backup, moment)
        if (folder / "b").exists():  # it was quicker
            check_backup(folder / "b")
            (folder / "b").unlink()
    finished(folder, backup)
    assert sum(app.objects for app in check_backup(folder / "b").apps) == OBJECTS
    assert not (folder / "b.unfinished").exists()


def test_a_restore_that_was_killed_goes_on(folder: Path, target: Path) -> None:
    finished(folder, ["--config", "old.conf", "backup", "b"])
    restore = ["--config", str(target), "restore", "b"]
    took = finished(folder, restore)
    for moment in moments(took):
        asyncio.run(_emptied(target))
        killed(folder, restore, moment)
        finished(folder, restore)
        assert held(target) == held(folder / "old.conf")


async def _emptied(config: Path) -> None:
    async with database(config) as dao:
        for appid in [*await dao.apps(), "_copy"]:
            await dao.delete_table(appid)


def test_a_move_that_was_killed_is_run_again(folder: Path, target: Path) -> None:
    move = ["move", "--from", "old.conf", "--to", str(target)]
    took = finished(folder, move)
    for moment in moments(took):
        asyncio.run(_emptied(target))
        killed(folder, move, moment)
        finished(folder, move)
        assert held(target) == held(folder / "old.conf")


def test_no_server_starts_on_half_a_copy(folder: Path, server: ServerProcess) -> None:
    finished(folder, ["--config", "old.conf", "backup", "b"])
    (folder / "new.conf").write_text(f'para.dao = "SqlDAO"\npara.db.dir = "{server.data}"\n')
    restore = ["--config", "new.conf", "restore", "b"]
    share, took = 0.7, finished(folder, restore)
    for _ in range(100):
        asyncio.run(_emptied(folder / "new.conf"))
        was_running = killed(folder, restore, took * share)
        if _is_half(folder / "new.conf"):
            break
        share *= 1.1 if was_running else 0.85  # it had not begun, or was quicker
    else:
        pytest.fail("no restore was killed in its middle")
    assert server.is_refused_in_one_line("not finished", "para-server restore b", "again")
    finished(folder, restore)
    server.start()
    server.wait_until_ready()
    assert "its indexes are made anew" in server.log


def test_several_workers_start_on_a_copy(folder: Path, server: ServerProcess) -> None:
    server.settings["para.workers"] = 2
    server.start()
    server.wait_until_ready()
    with closing(Caller(server.port)) as caller:
        for number in range(20):
            assert caller.ask("PUT", f"/v1/thing/t{number}", {"stamp": number}).status == 200
        assert caller.ask("GET", "/v1/thing/search/count").json["totalHits"] == 20
    finished(folder, ["--config", str(server.folder / "para.conf"), "backup", "b"])
    with closing(Caller(server.port)) as caller:
        assert caller.ask("DELETE", "/v1/thing/t7").status == 200
        assert caller.ask("PUT", "/v1/thing/later", {"stamp": 99}).status == 200
    server.tell_to_stop()
    assert server.ends() == 0
    finished(folder, ["--config", str(server.folder / "para.conf"), "restore", "b", "--replace"])
    server.start()
    server.wait_until_ready()
    for _ in range(4):  # whichever worker answers
        with closing(Caller(server.port)) as caller:
            found = caller.ask("GET", "/v1/thing", query=[("limit", "100")]).json["items"]
            assert {thing["id"] for thing in found} == {f"t{number}" for number in range(20)}
    server.tell_to_stop()
    assert server.ends() == 0


def _is_half(config: Path) -> bool:
    from para_server.copies.marker import Marker

    async def look() -> bool:
        async with database(config) as dao:
            mark = await Marker(dao).find()
            return mark is not None and not mark.is_finished

    return asyncio.run(look())
