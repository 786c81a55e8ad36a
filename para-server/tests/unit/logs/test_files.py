from __future__ import annotations

import errno
import fcntl
import logging
import os
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest

from para_server.logs.files import MAIN, METRICS, DatedHandler, Rotation

DAY = 86_400


class Clock:
    """Seconds since 1970, as the test wants them."""

    def __init__(self, text: str) -> None:
        self.go_to(text)

    def go_to(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).astimezone().timestamp()

    def __call__(self) -> float:
        return self.now


def say(handler: DatedHandler, *texts: str) -> None:
    for text in texts:
        handler.emit(logging.makeLogRecord({"msg": text}))


def packed(archive: Path) -> str:
    with zipfile.ZipFile(archive) as found:
        (name,) = found.namelist()
        return found.read(name).decode()


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_month_that_is_over_is_packed(tmp_path: Path) -> None:
    clock = Clock("2026-01-31T23:59:59")
    handler = DatedHandler(tmp_path / "para.log", MAIN, clock=clock)
    say(handler, "old", "older")
    clock.go_to("2026-02-01T00:00:00")
    say(handler, "new")
    handler.close()
    assert names(tmp_path) == ["para-2026-01.0.zip", "para.log"]
    assert packed(tmp_path / "para-2026-01.0.zip") == "old\nolder\n"
    assert (tmp_path / "para.log").read_text() == "new\n"


def test_who_comes_too_late_to_pack_a_file_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process packs it after this one has opened it, and before it has the lock."""
    handler = DatedHandler(tmp_path / "para.log", MAIN)
    aside = tmp_path / "para-2026-01.0.zip.rotated"
    aside.write_text("old\n")
    lock = fcntl.flock

    def late(file: Any, how: int) -> None:  # noqa: ANN401 - as the system takes it
        if how & fcntl.LOCK_NB:
            with monkeypatch.context() as first:
                first.setattr(fcntl, "flock", lock)
                handler._pack_one(aside)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    handler._pack()
    handler.close()
    assert names(tmp_path) == ["para-2026-01.0.zip", "para.log"]
    assert packed(tmp_path / "para-2026-01.0.zip") == "old\n"


def test_a_file_that_cannot_be_packed_waits_and_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = DatedHandler(tmp_path / "para.log", MAIN)
    (tmp_path / "para-2026-01.0.zip.rotated").write_text("old\n")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(zipfile.ZipFile, "write", full)
        handler._pack()
    assert names(tmp_path) == ["para-2026-01.0.zip.rotated", "para.log"]
    handler._pack()
    handler.close()
    assert names(tmp_path) == ["para-2026-01.0.zip", "para.log"]


def test_archives_are_for_the_same_readers_as_the_log(tmp_path: Path) -> None:
    clock = Clock("2026-01-31T23:59:59")
    before = os.umask(0o022)
    try:
        handler = DatedHandler(tmp_path / "para.log", MAIN, clock=clock)
        say(handler, "old")
        clock.go_to("2026-02-01T00:00:00")
        say(handler, "new")
        handler.close()
    finally:
        os.umask(before)
    modes = {file.name: S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"para-2026-01.0.zip": 0o640, "para.log": 0o640}


def test_a_file_that_is_too_large_is_packed(tmp_path: Path) -> None:
    rotation = Rotation("%Y-%m", "para-{period}.{number}.zip", 183, 10**9, max_bytes=100)
    handler = DatedHandler(tmp_path / "para.log", rotation, clock=Clock("2026-01-31T12:00:00"))
    for number in range(3):
        say(handler, f"{number}" * 60)
        if handler._packing is not None:
            handler._packing.join()
    handler.close()
    assert names(tmp_path) == ["para-2026-01.0.zip", "para-2026-01.1.zip", "para.log"]
    assert packed(tmp_path / "para-2026-01.1.zip") == "1" * 60 + "\n"


def test_what_an_earlier_process_wrote_is_packed_when_its_day_is_over(tmp_path: Path) -> None:
    file, clock = tmp_path / "para-metrics.log", Clock("2026-03-05T12:00:00")
    file.write_text("from before\n")
    os.utime(file, (clock.now - 2 * DAY, clock.now - 2 * DAY))
    (tmp_path / "para-metrics-2026-03-02.log.zip.rotated").write_text("never packed\n")
    handler = DatedHandler(file, METRICS, clock=clock)
    say(handler, "today")
    handler.close()
    assert packed(tmp_path / "para-metrics-2026-03-03.log.zip") == "from before\n"
    assert packed(tmp_path / "para-metrics-2026-03-02.log.zip") == "never packed\n"
    assert file.read_text() == "today\n"


def test_old_archives_and_too_many_bytes_go_and_nothing_else(tmp_path: Path) -> None:
    clock = Clock("2026-06-30T12:00:00")
    for name, days, size in (
        ("para-2026-05.0.zip", 30, 400),
        ("para-2026-04.0.zip", 60, 400),
        ("para-2026-03.0.zip", 90, 400),  # all together are too many
        ("para-2025-11.0.zip", 200, 1),  # too old
        ("para-metrics-2025-11-01.log.zip", 200, 1),
        ("para-notes.zip", 200, 1),
        ("para-2025-11.0.zip.txt", 200, 1),
    ):
        (tmp_path / name).write_bytes(b"x" * size)
        os.utime(tmp_path / name, (clock.now - days * DAY, clock.now - days * DAY))
    rotation = Rotation("%Y-%m", "para-{period}.{number}.zip", 183, 1300, 100 << 20)
    handler = DatedHandler(tmp_path / "para.log", rotation, clock=clock)
    say(handler, "x" * 100)
    clock.go_to("2026-07-01T00:00:00")
    say(handler, "new")
    handler.close()
    assert names(tmp_path) == [
        "para-2025-11.0.zip.txt", "para-2026-04.0.zip", "para-2026-05.0.zip", "para-2026-06.0.zip",
        "para-metrics-2025-11-01.log.zip", "para-notes.zip", "para.log",
    ]  # fmt: skip


_WRITER = """
import logging, sys
from pathlib import Path
from para_server.logs.files import DatedHandler, Rotation
rotation = Rotation("%Y-%m", "para-{period}.{number}.zip", 183, 10**9, max_bytes=20_000)
handler = DatedHandler(Path(sys.argv[1]), rotation)
for number in range(1000):
    handler.emit(logging.makeLogRecord({"msg": f"{sys.argv[2]}-{number}-" + "x" * 50}))
handler.close()
"""


def test_processes_share_a_file_and_lose_no_line(tmp_path: Path) -> None:
    file = tmp_path / "para.log"
    command = [sys.executable, "-c", _WRITER, str(file)]
    writers = [subprocess.Popen([*command, who]) for who in "ab"]  # noqa: S603 - our own
    assert [writer.wait(60) for writer in writers] == [0, 0]
    parts = [file.read_text()]
    for archive in tmp_path.iterdir():
        if archive.name.endswith(".zip"):
            parts.append(packed(archive))
        elif archive.name.endswith(".rotated"):
            parts.append(archive.read_text())
    lines = "".join(parts).splitlines()
    assert len(parts) > 3
    wanted = {f"{who}-{number}-" + "x" * 50 for who in "ab" for number in range(1000)}
    assert set(lines) == wanted


def test_a_file_is_for_its_owner_and_group(tmp_path: Path) -> None:
    handler = DatedHandler(tmp_path / "para.log", MAIN)
    handler.close()
    assert (tmp_path / "para.log").stat().st_mode & 0o007 == 0


def test_a_line_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = DatedHandler(tmp_path / "para.log", MAIN)
    os.close(handler._file)
    handler._file = os.open("/dev/full", os.O_WRONLY)
    say(handler, "lost")
    handler.close()
    assert "No space left" in capsys.readouterr().err
