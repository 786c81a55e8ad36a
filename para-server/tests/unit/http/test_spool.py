from __future__ import annotations

import hashlib
import io
import logging
import os
import tempfile
import threading
from pathlib import Path

import pytest

from para_core.testing.cancelling import Held, cancel_during, until
from para_server.http import spool as spools
from para_server.http.answers import AnswerError
from para_server.http.room import Room
from para_server.http.spool import Spool

KB, MB = 1 << 10, 1 << 20


async def filled(room: Room, folder: Path, *pieces: bytes) -> Spool:
    spool = Spool(str(folder), room.share())
    for piece in pieces:
        await spool.add(piece)
    spool.end()
    return spool


@pytest.mark.parametrize("size", [0, 1, 64 * KB, 64 * KB + 1, 3 * MB])
async def test_a_body_is_read_as_it_came(tmp_path: Path, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    room = Room(8 * MB)
    spool = await filled(room, tmp_path, *(body[at : at + 65_536] for at in range(0, size, 65_536)))
    assert (spool.file.read(), spool.size, room.held) == (body, size, size)
    assert spool.digest == hashlib.sha256(body).hexdigest().encode()
    assert isinstance(spool.file, io.BytesIO) is (size <= 64 * KB)
    spool.close()
    assert room.held == 0


async def test_its_file_has_no_name(tmp_path: Path) -> None:
    spool = await filled(Room(8 * MB), tmp_path, b"x" * 2 * MB)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a loop waits for no Path
    spool.close()


class Watched(io.BufferedRandom):
    """A file that knows which threads open and close it."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path, "w+"))
        self.opened_by, self.closed_by = threading.get_ident(), 0

    def close(self) -> None:
        super().close()
        self.closed_by = threading.get_ident()


async def test_the_disk_holds_up_no_other_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[Watched] = []

    def make(**_: object) -> Watched:
        files.append(Watched(tmp_path / "body"))
        return files[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", make)
    spool = await filled(Room(8 * MB), tmp_path, b"x" * 64 * KB, b"x")
    spool.close()
    await until(lambda: files[0].closed_by != 0)
    here = threading.get_ident()
    assert here not in (files[0].opened_by, files[0].closed_by)


async def test_whoever_goes_while_its_file_is_made_leaves_none_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(tempfile.TemporaryFile)
    monkeypatch.setattr(tempfile, "TemporaryFile", held)
    room = Room(8 * MB)
    spool = Spool(str(tmp_path), room.share())
    await cancel_during(spool.add(b"x" * 2 * MB), held)
    spool.close()
    held.may_return.set()
    await until(lambda: held.results[0].closed)
    assert len(held.results) == 1
    assert room.held == 0


async def test_no_folder_is_a_503_and_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    spool = Spool(str(tmp_path / "none"), Room(8 * MB).share())
    with pytest.raises(AnswerError, match="no room for a body this large") as refused:
        await spool.add(b"x" * 2 * MB)
    spool.close()
    assert refused.value.status == 503
    assert "none" in caplog.records[-1].__dict__["reason"]


async def test_the_last_of_a_disk_is_left_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "_LEFT_FREE", 1 << 60)
    spool = Spool(str(tmp_path), Room(8 * MB).share())
    await spool.add(b"x" * 64 * KB)  # lies in memory
    with pytest.raises(AnswerError) as refused:
        await spool.add(b"x")
    spool.close()
    assert refused.value.status == 503


async def test_what_cannot_be_written_at_the_end_is_a_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "_LEFT_FREE", 0)
    file = open(tmp_path / "full", "w+b")  # noqa: ASYNC230, PTH123, SIM115 - the spool closes it
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: file)
    room = Room(8 * MB)
    spool = Spool(str(tmp_path), room.share())
    await spool.add(b"x" * MB)
    with open("/dev/full", "wb") as full:  # noqa: ASYNC230, PTH123
        os.dup2(full.fileno(), file.fileno())
    await spool.add(b"x")  # waits in the buffer of the file
    with pytest.raises(AnswerError) as refused:
        spool.end()
    spool.close()
    assert (refused.value.status, room.held) == (503, 0)
    await until(lambda: file.closed)


async def test_together_they_have_so_much_room(tmp_path: Path) -> None:
    room = Room(3 * MB)
    first = await filled(room, tmp_path, b"x" * 2 * MB)
    with pytest.raises(AnswerError):
        room.share(2 * MB)
    second = Spool(str(tmp_path), room.share(MB))
    await second.add(b"x" * MB)
    with pytest.raises(AnswerError) as refused:
        await second.add(b"x")
    assert refused.value.status == 503
    first.close()
    await second.add(b"x")
    second.close()
    assert room.held == 0


async def test_who_is_alone_has_as_much_room_as_it_needs(tmp_path: Path) -> None:
    spool = await filled(Room(MB), tmp_path, b"x" * MB, b"x" * MB)
    assert spool.size == 2 * MB
    spool.close()
