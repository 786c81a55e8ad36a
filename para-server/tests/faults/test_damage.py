"""A damaged index, a full disk: the server goes on, and says what happened."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from para_core.testing.small_disks import a_small_disk

from .process import Caller, Reply, ServerProcess

THINGS = 400


def fill(caller: Caller) -> None:
    things = [{"id": f"t{n}", "type": "thing", "n": n} for n in range(THINGS)]
    assert caller.ask("POST", "/v1/_batch", things).status == 200
    assert caller.ask("GET", "/v1/thing", query=[("limit", "0")]).json["totalHits"] == THINGS


def stopped(server: ServerProcess) -> None:
    server.tell_to_stop()
    assert server.ends() == 0


def index_files(server: ServerProcess) -> list[Path]:
    """Return the files of the indexes, those of the database left out."""
    kinds = {".db", ".sqlite", ".db-wal", ".db-shm", ".conf", ".lock"}
    inner = [path for path in server.data.rglob("*") if path.parent != server.data]
    return [path for path in inner if path.is_file() and path.suffix not in kinds]


DAMAGES = ["overwritten", "cut", "one file gone", "all gone"]


def damage(files: list[Path], how: str) -> None:
    assert files
    if how == "all gone":
        for folder in {file.parent for file in files}:
            shutil.rmtree(folder, ignore_errors=True)
        return
    for file in files:
        size = file.stat().st_size
        if how == "overwritten":
            with file.open("r+b") as open_file:  # in its place, as a bad disk does it
                open_file.write(os.urandom(size))
        elif how == "cut":
            os.truncate(file, size // 3)
        elif file.suffix == ".store":
            file.unlink()


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_index_is_made_again(server: ServerProcess, how: str) -> None:
    server.start()
    server.wait_until_ready()
    with closing(Caller(server.port)) as caller:
        fill(caller)
    stopped(server)
    damage(index_files(server), how)
    server.start()
    server.wait_until_ready()
    with closing(Caller(server.port)) as caller:
        assert caller.ask("GET", "/v1/thing/t7").json["n"] == 7
        assert caller.ask("PUT", "/v1/thing/new", {"n": 10_000}).status == 200
        query = [("q", "properties.n:[390 TO *]")]
        assert caller.ask("GET", "/v1/thing", query=query).json["totalHits"] == 11
        assert caller.ask("GET", "/v1/thing").json["totalHits"] == THINGS + 1
        assert caller.ask("GET", "/v1/_health").status == 200
    assert "Traceback" not in server.log
    stopped(server)


def test_an_index_damaged_while_it_is_used_is_made_again(
    running: ServerProcess, caller: Caller
) -> None:
    """The files are mapped into memory: what cuts them off under a process ends the process."""
    fill(caller)
    damage(index_files(running), "overwritten")
    assert caller.ask("PUT", "/v1/thing/new", {"n": 10_000}).status == 200
    assert caller.ask("GET", "/v1/thing/t7").json["n"] == 7
    assert caller.ask("GET", "/v1/thing").json["totalHits"] == THINGS + 1
    assert "fails again and again" in running.log


# ---- a full disk ---------------------------------------------------------------------------------


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    with a_small_disk(folder / "small", 12) as disk:
        yield disk.folder


def told(server: ServerProcess) -> list[str]:
    """Return what the log says of the room in the database."""
    lines = [line for line in server.log.splitlines() if "Storage" in line]
    words = ("a part of the server fails", "a part of the server works again")
    return [word for line in lines for word in words if word in line]


def eventually(holds: Callable[[], bool], caller: Caller) -> None:
    """Look at the health until something is so."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        assert caller.ask("GET", "/v1/_health").status == 200
        time.sleep(0.1)


def test_a_full_disk_refuses_writes_and_nothing_else(small_disk: Path) -> None:
    server = ServerProcess(small_disk)
    try:
        server.start()
        server.wait_until_ready()
        with closing(Caller(server.port)) as caller:
            assert caller.ask("PUT", "/v1/thing/first", {"n": 1}).status == 200
            ballast = small_disk / "ballast"
            ballast.write_bytes(b"x" * _free(small_disk))
            stored, refused = _write_until_full(caller)
            assert refused.status == 507
            assert refused.json["code"] == 507
            assert caller.ask("GET", "/v1/_health").status == 200, "reads go on"
            eventually(lambda: told(server) == ["a part of the server fails"], caller)
            for key in ("first", *stored[:20], *stored[-5:]):
                assert caller.ask("GET", f"/v1/thing/{key}").status == 200, key
            ballast.unlink()
            end = time.monotonic() + 10
            while caller.ask("PUT", "/v1/thing/last", {"n": 1}).status != 200:
                assert time.monotonic() < end
                time.sleep(0.1)
            told_twice = ["a part of the server fails", "a part of the server works again"]
            eventually(lambda: told(server) == told_twice, caller)
            total = caller.ask("GET", "/v1/thing", query=[("limit", "0")]).json["totalHits"]
            assert total == len(stored) + 2
        server.tell_to_stop()
        assert server.ends() == 0
        server.start()
        server.wait_until_ready()
        with closing(Caller(server.port)) as caller:
            keys = ["first", *stored, "last"]
            query = [("ids", key) for key in keys]
            assert len(caller.ask("GET", "/v1/_batch", query=query).json) == len(keys)
            total = caller.ask("GET", "/v1/thing", query=[("limit", "0")]).json["totalHits"]
            assert total == len(keys)
    finally:
        server.kill()


def _free(place: Path) -> int:
    usage = os.statvfs(place)
    return max(usage.f_bavail * usage.f_frsize - 200_000, 0)


def _write_until_full(caller: Caller) -> tuple[list[str], Reply]:
    stored: list[str] = []
    for number in range(400):
        key = f"t{number}"
        reply = caller.ask("PUT", f"/v1/thing/{key}", {"text": "x" * 5_000})
        if reply.status != 200:
            return stored, reply
        stored.append(key)
    message = "the disk was never full"
    raise AssertionError(message)
