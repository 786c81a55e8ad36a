"""The journal of writes: what was in it at a crash is in it afterwards."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from para_core.errors import ConfigError, StorageFullError, UnavailableError
from para_dao_mongodb import journal as module
from para_dao_mongodb.journal import Journal


@contextmanager
def opened(file: Path) -> Iterator[Journal]:
    """Open a journal, and leave it as a crash does."""
    journal = Journal(file)
    journal.read()
    journal.start()
    try:
        yield journal
    finally:
        journal.drop()


def size_of(file: Path) -> int:
    return file.stat().st_size


def failing(handle: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def bytes_of(file: Path) -> bytes:
    return file.read_bytes()


def left(file: Path, data: bytes) -> Path:
    """Let this be what a crash left."""
    file.write_bytes(data)
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made" / "test.journal"


async def test_entries_that_are_not_done_are_met_again_in_their_order(file: Path) -> None:
    with opened(file) as journal:
        name = journal.id
        numbers = [await journal.add(f"entry {n}".encode()) for n in range(4)]
        journal.done(numbers[1])
        await journal.add(b"last")
    with opened(file) as journal:
        assert journal.id == name
        assert list(journal.entries.values()) == [b"entry 0", b"entry 2", b"entry 3", b"last"]
        assert await journal.add(b"more") > max(numbers)


async def test_an_entry_that_was_taken_back_is_not_met_again(file: Path) -> None:
    with opened(file) as journal:
        await journal.withdraw(await journal.add(b"entry"))
    with opened(file) as journal:
        assert journal.entries == {}


async def test_entries_of_many_go_together_and_each_has_its_number(file: Path) -> None:
    with opened(file) as journal:
        entries = [f"entry {n}".encode() for n in range(50)]
        numbers = await asyncio.gather(*map(journal.add, entries))
        assert journal.entries == dict(zip(numbers, entries, strict=True))
    with opened(file) as journal:
        assert journal.entries == dict(zip(numbers, entries, strict=True))


async def test_an_orderly_end_leaves_an_empty_journal_of_the_same_name(file: Path) -> None:
    with opened(file) as journal:
        name = journal.id
        journal.done(await journal.add(b"entry"))
        assert await journal.close()
    with opened(file) as journal:
        assert (journal.id, journal.entries) == (name, {})


async def test_a_journal_with_something_to_do_is_not_emptied_at_its_end(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(file) as journal:
        await journal.add(b"entry")
        assert not await journal.close()
    with opened(file) as journal:
        assert list(journal.entries.values()) == [b"entry"]
        journal.done(next(iter(journal.entries)))
        monkeypatch.setattr(os, "fsync", failing)
        assert not await journal.close(), "it may come back"


async def test_what_a_crash_left_half_written_is_passed_over(file: Path) -> None:
    with opened(file) as journal:
        await journal.add(b"whole")
        size = size_of(file)
        await journal.add(b"the last one")
    whole = bytes_of(file)
    for end in range(size, len(whole)):
        with opened(left(file, whole[:end])) as journal:
            assert list(journal.entries.values()) == [b"whole"]
            assert size_of(file) == size
    as_long = whole[:-3] + b"\0" * 3
    with opened(left(file, as_long)) as journal:
        assert list(journal.entries.values()) == [b"whole"]
        await journal.add(b"another")
    with opened(file) as journal:
        assert list(journal.entries.values()) == [b"whole", b"another"]


async def test_a_journal_that_was_not_made_to_the_end_is_made_again(file: Path) -> None:
    with opened(file):
        whole = bytes_of(file)
    for end in range(len(whole)):
        with opened(left(file, whole[:end])) as journal:
            assert len(journal.id) == 32
            assert await journal.add(b"entry") > 0


async def test_a_long_journal_is_written_anew_without_what_is_done(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGE", 1000)
    with opened(file) as journal:
        kept = await journal.add(b"kept")
        for n in range(200):
            journal.done(await journal.add(f"entry {n}".encode() * 5))
            assert size_of(file) < 1500
        last = await journal.add(b"last")
    with opened(file) as journal:
        assert journal.entries == {kept: b"kept", last: b"last"}
    assert [path.name for path in file.parent.iterdir() if path.suffix == ".new"] == []


async def test_without_room_nothing_is_in_it_and_it_goes_on_when_there_is_some(file: Path) -> None:
    with opened(file) as journal:
        await journal.add(b"before")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_of(file) + 100, before[1]))
        try:
            with pytest.raises(StorageFullError, match=r"no space left.*para\.mongodb\.journal"):
                await journal.add(b"x" * 200)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        await journal.add(b"after")
    with opened(file) as journal:
        assert list(journal.entries.values()) == [b"before", b"after"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=errno.errorcode.get)
async def test_what_cannot_be_taken_back_is_no_full_disk_and_not_trusted_again(
    file: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def failing_too(handle: int, size: int) -> None:
        raise OSError(number, os.strerror(number))

    with opened(file) as journal:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_of(file) + 100, before[1]))
        try:
            with monkeypatch.context() as patched:
                patched.setattr(os, "ftruncate", failing_too)
                with pytest.raises(UnavailableError, match="start the server again"):
                    await journal.add(b"x" * 200)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        with pytest.raises(UnavailableError, match="start the server again"):
            await journal.add(b"entry")


async def test_no_entry_goes_to_a_file_that_nobody_may_find_after_a_crash(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def failing_on_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(handle)

    monkeypatch.setattr(module, "_LARGE", 1000)
    with opened(file) as journal:
        last = await journal.add(b"kept")
        journal.done(await journal.add(b"x" * 2000))  # the next one finds it long
        monkeypatch.setattr(os, "fsync", failing_on_folders)
        with pytest.raises(UnavailableError, match="start the server again"):
            await journal.add(b"entry")
        monkeypatch.undo()
        with pytest.raises(UnavailableError, match="start the server again"):
            await journal.add(b"entry")
        journal.done(last)
        assert not await journal.close(), "it is not known to be empty"
    with opened(file) as journal:
        assert list(journal.entries.values()) == [b"kept"]


async def test_the_file_is_let_go_when_the_thread_is_done_with_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fdatasync, began, may_end = os.fdatasync, threading.Event(), threading.Event()

    def slow(handle: int) -> None:
        began.set()
        may_end.wait(60)
        fdatasync(handle)

    with opened(file) as journal:
        monkeypatch.setattr(os, "fdatasync", slow)
        adding = asyncio.ensure_future(journal.add(b"entry"))
        await asyncio.to_thread(began.wait, 60)
        journal.drop()
        with pytest.raises(ConfigError, match="in use by another process"):
            Journal(file).read()
        may_end.set()
        assert await adding > 0
        with pytest.raises(UnavailableError, match="is closed"):
            await journal.add(b"entry")
    monkeypatch.undo()
    async with asyncio.timeout(60):
        while journal._handle >= 0:  # noqa: ASYNC110 - a thread tells nobody
            await asyncio.sleep(0.01)
    with opened(file) as journal:
        assert list(journal.entries.values()) == [b"entry"]


async def test_a_disk_that_failed_is_not_trusted_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(file) as journal:
        with monkeypatch.context() as patched:
            patched.setattr(os, "fdatasync", failing)
            with pytest.raises(UnavailableError, match="Input/output error"):
                await journal.add(b"entry")
        with pytest.raises(UnavailableError, match="start the server again"):
            await journal.add(b"entry")


def test_a_second_process_is_refused(file: Path) -> None:
    journal = Journal(file)
    journal.read()
    with pytest.raises(ConfigError, match="in use by another process"):
        Journal(file).read()
    journal.drop()
    other = Journal(file)
    other.read()
    other.drop()


def test_something_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter"
    file.write_bytes(b"Dear reader, " * 20)
    with pytest.raises(ConfigError, match="no journal of Para"):
        Journal(file).read()
    assert file.read_bytes() == b"Dear reader, " * 20


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"para\.mongodb\.journal_dir"):
        Journal(tmp_path / "taken" / "test.journal").read()


def test_only_the_owner_can_read_it(file: Path) -> None:
    journal = Journal(file)
    journal.read()
    journal.drop()
    assert file.stat().st_mode & 0o077 == 0
