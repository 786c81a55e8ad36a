"""A backup holds everything, and puts everything back."""

# ruff: noqa: ASYNC240 - nothing else waits for the event loop here

from __future__ import annotations

import io
import json
import resource
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest

from para_core.contracts.dao import DAO, Record, Write, is_room
from para_core.contracts.snapshot import Table
from para_core.errors import BackendError, ConfigError, ParaError, StorageFullError
from para_core.memory.dao import MemoryDAO
from para_core.memory.filestore import MemoryFileStore
from para_core.memory.search import MemorySearch
from para_core.testing.filestore import content_of
from para_server.copies.backup import Source, check_backup, write_backup
from para_server.copies.backupfile import BackupError, Manifest, pack
from para_server.copies.marker import Mark, Marker, settle_copy
from para_server.copies.restore import Target, restore_backup

from .samples import a_cache, contents, fill, put, some_records


@dataclass
class Server:
    """The stores of a server."""

    folder: Path
    dao: DAO = field(default_factory=MemoryDAO)
    files: MemoryFileStore = field(default_factory=MemoryFileStore)

    @property
    def keys_file(self) -> Path:
        return self.folder / "para-root-keys.conf"

    async def back_up(self, place: Path) -> Manifest:
        async with self.dao.snapshot() as seen:
            return await write_backup(Source(seen, self.files, self.keys_file, 5), place)

    async def restore(self, place: Path, *, replaces: bool = False) -> Manifest:
        target = Target(self.dao, self.files, self.keys_file)
        return await restore_backup(place, target, replaces=replaces)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path / "old")
    async with server.dao:
        await fill(server.dao)
        await server.files.store("app/pic.png", bytes(range(256)) * 999)
        await server.files.store("žluť ů.txt", b"")
        server.folder.mkdir()
        server.keys_file.write_text("para.root_secret_key = x")
        yield server


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Server]:
    other = Server(tmp_path / "new")
    async with other.dao:
        yield other


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "para.backup"


async def test_everything_comes_back(server: Server, other: Server, place: Path) -> None:
    manifest = await server.back_up(place)
    assert [(app.appid, app.objects) for app in manifest.apps] == [
        ("para", 20),
        ("empty", 0),
        ("shared", 30),
        ("big", 1300),
    ]
    assert await other.restore(place) == manifest
    assert await contents(other.dao) == await contents(server.dao)
    async with other.dao.snapshot() as seen:
        assert Table("shared", shared=True) in await seen.tables()
    assert await content_of(other.files, "app/pic.png") == bytes(range(256)) * 999
    assert await content_of(other.files, "žluť ů.txt") == b""
    assert other.keys_file.read_text() == "para.root_secret_key = x"
    assert S_IMODE(other.keys_file.stat().st_mode) == 0o600


async def test_only_its_owner_reads_a_backup(server: Server, place: Path) -> None:
    await server.back_up(place)
    assert S_IMODE(place.stat().st_mode) == 0o600
    assert [path.name for path in place.parent.iterdir() if path.is_file()] == ["para.backup"]


async def test_what_is_written_meanwhile_is_not_in_it(
    server: Server, other: Server, place: Path
) -> None:
    before = await contents(server.dao)
    async with server.dao.snapshot() as seen:
        await put(server.dao, "big", *some_records(2000, seed=9))
        await server.dao.delete_table("shared")
        await write_backup(Source(seen, server.files, server.keys_file, 5), place)
    await other.restore(place)
    assert await contents(other.dao) == before


async def test_a_damaged_object_is_kept_as_it_is(
    server: Server, other: Server, place: Path
) -> None:
    await put(server.dao, "para", Record("half", "film", b'{"id":"ha'))
    await server.back_up(place)
    await other.restore(place)
    assert await contents(other.dao) == await contents(server.dao)


async def test_large_objects_make_parts_of_their_own(
    server: Server, other: Server, place: Path
) -> None:
    await put(server.dao, "para", *some_records(40, size=1_500_000))
    manifest = await server.back_up(place)
    assert manifest.apps[0].parts > 2
    await other.restore(place)
    assert await contents(other.dao) == await contents(server.dao)


async def test_nothing_is_written_over(server: Server, place: Path) -> None:
    place.write_text("mine")
    with pytest.raises(BackupError, match="is there already"):
        await server.back_up(place)
    assert place.read_text() == "mine"


async def test_an_empty_database_is_no_backup(other: Server, place: Path) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        await other.back_up(place)
    assert list(place.parent.iterdir()) == []


async def test_a_full_disk_leaves_nothing(server: Server, place: Path) -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, usual[1]))
    try:
        with pytest.raises(StorageFullError, match="no space left for the backup"):
            await server.back_up(place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert [path for path in place.parent.iterdir() if path.is_file()] == []


async def test_what_a_killed_backup_left_is_not_in_the_way(server: Server, place: Path) -> None:
    place.with_name("para.backup.unfinished").write_bytes(b"half")
    await server.back_up(place)
    assert [path.name for path in place.parent.iterdir() if path.is_file()] == ["para.backup"]


async def test_what_was_written_is_read_back(
    server: Server, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_one(records: list[Record]) -> bytes:
        return pack(records[:-1])

    monkeypatch.setattr("para_server.copies.backup.pack", lose_one)
    with pytest.raises(BackupError, match="the objects of the app 'para' are not whole"):
        await server.back_up(place)
    assert not place.exists()


# ---- what is wrong with a backup --------------------------------------------------------------


def _changed(place: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Write a backup again with other files in it."""
    with zipfile.ZipFile(place) as box:
        content = {name: box.read(name) for name in box.namelist()}
    change(content)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in content.items():
            box.writestr(name, data)


def _manifest(content: dict[str, bytes], **values: Any) -> None:  # noqa: ANN401 - any JSON
    manifest = json.loads(content["manifest.json"])
    content["manifest.json"] = json.dumps({**manifest, **values}).encode()


def _swap(content: dict[str, bytes]) -> None:
    one, other = "objects/1/000001.msgpack", "objects/3/000001.msgpack"
    content[one], content[other] = content[other], content[one]


WRONG: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "no manifest": (lambda content: content.__delitem__("manifest.json"), "no manifest"),
    "odd manifest": (lambda c: c.update({"manifest.json": b"{"}), "manifest is damaged"),
    "list for manifest": (lambda c: c.update({"manifest.json": b"[]"}), "manifest is damaged"),
    "later format": (lambda c: _manifest(c, format=2, apps=0), "format 2"),
    "very many parts": (
        lambda c: c.update(
            {"manifest.json": c["manifest.json"].replace(b'"parts": 1', b'"parts": %d' % 10**15)}
        ),
        "lacks parts",
    ),
    "missing part": (lambda c: c.__delitem__("objects/4/000001.msgpack"), "lacks or has more"),
    "missing file": (lambda c: c.__delitem__("files/app/pic.png"), "lacks or has more"),
    "more files": (lambda c: c.update({"files/../../etc/passwd": b"x"}), "lacks or has more"),
    "other file": (lambda c: c.update({"files/app/pic.png": b"x"}), "'app/pic.png' is not whole"),
    "odd part": (lambda c: c.update({"objects/1/000001.msgpack": b"\xc1"}), "is damaged"),
    "swapped parts": (_swap, "'para' are not whole"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_backup_changes_nothing(
    server: Server, other: Server, place: Path, name: str
) -> None:
    await server.back_up(place)
    await put(other.dao, "kept", *some_records(5))
    before = await contents(other.dao)
    change, reason = WRONG[name]
    _changed(place, change)
    with pytest.raises(BackupError, match=reason):
        await other.restore(place, replaces=True)
    assert await contents(other.dao) == before
    assert await Marker(other.dao).find() is None


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999], ids=str)
async def test_a_backup_that_is_cut_off_changes_nothing(
    server: Server, other: Server, place: Path, part: float
) -> None:
    await server.back_up(place)
    place.write_bytes(place.read_bytes()[: int(place.stat().st_size * part)])
    with pytest.raises(BackupError, match="damaged, not complete, or no backup"):
        await other.restore(place)
    assert await other.dao.apps() == []


async def test_changed_bytes_are_found(server: Server, other: Server, place: Path) -> None:
    await server.back_up(place)
    whole = place.read_bytes()
    for at in range(100, len(whole) - 3000, len(whole) // 12):
        changed = bytearray(whole)
        changed[at] ^= 0xFF
        place.write_bytes(changed)
        with pytest.raises(BackupError):
            await other.restore(place)
        assert await other.dao.apps() == []


async def test_a_part_that_unpacks_to_too_much_is_refused(
    server: Server, other: Server, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.back_up(place)
    _changed(place, lambda c: c.update({"objects/1/000001.msgpack": b"\x90" * 3_000_000}))
    monkeypatch.setattr("para_server.copies.backupfile._MOST_PART", 1_000_000)
    with pytest.raises(BackupError, match="too large"):
        await other.restore(place)
    assert place.stat().st_size < 1_000_000


@pytest.mark.parametrize("text", [b"", b"no backup", b"PK\x05\x06"], ids=["empty", "text", "zip"])
async def test_another_file_is_no_backup(other: Server, place: Path, text: bytes) -> None:
    place.write_bytes(text)
    with pytest.raises(BackupError, match="no backup"):
        await other.restore(place)
    place.unlink()
    with pytest.raises(BackupError, match="no such file"):
        await other.restore(place)


async def test_an_archive_of_an_app_is_no_backup(place: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as box:
        box.writestr("cinema_part1.json", "[]")
    place.write_bytes(out.getvalue())
    with pytest.raises(BackupError, match="no manifest"):
        check_backup(place)


# ---- what is there already --------------------------------------------------------------------


async def test_apps_that_are_there_are_replaced_only_if_that_is_wanted(
    server: Server, other: Server, place: Path
) -> None:
    await server.back_up(place)
    await put(other.dao, "kept", *some_records(5))
    await put(other.dao, "para", *some_records(9, seed=7))
    before = await contents(other.dao)
    with pytest.raises(BackupError, match="add --replace"):
        await other.restore(place)
    assert await contents(other.dao) == before
    await other.restore(place, replaces=True)
    assert await contents(other.dao) == await contents(server.dao)


class Breaks(MemoryDAO):
    """Fails after some writes, as when the process is killed."""

    writes_left = 0

    async def write(self, appid: str, write: Write) -> int:
        if self.writes_left == 0:
            raise StorageFullError("no space left")
        self.writes_left -= 1
        return await super().write(appid, write)


@pytest.mark.parametrize("writes", range(1, 14))
async def test_an_interrupted_restore_goes_on_when_it_is_run_again(
    server: Server, place: Path, tmp_path: Path, writes: int
) -> None:
    await server.back_up(place)
    dao = Breaks()
    other = Server(tmp_path / "new", dao)
    async with dao:
        dao.writes_left = 1
        await put(dao, "kept", *some_records(5))
        dao.writes_left = writes
        try:
            await other.restore(place, replaces=True)
        except StorageFullError:
            with pytest.raises(
                ConfigError, match=r"not finished; run `para-server restore .*` again"
            ):
                await settle_copy(dao, MemorySearch(), a_cache())
        else:
            assert writes > 10, "it needs more writes than these"
        dao.writes_left = 100
        await other.restore(place)
        assert await contents(dao) == await contents(server.dao)
        mark = await Marker(dao).find()
        assert mark is not None
        assert mark.is_finished


class Stops(MemoryDAO):
    """Removes so many apps and no more, as when the process is killed."""

    removals_left = 0

    async def delete_table(self, appid: str) -> None:
        if not is_room(appid):
            if self.removals_left == 0:
                raise BackendError("the process is killed")
            self.removals_left -= 1
        await super().delete_table(appid)


@pytest.mark.parametrize("removals", range(4))
async def test_a_restore_that_was_interrupted_while_it_removed_apps_removes_them_all(
    server: Server, place: Path, tmp_path: Path, removals: int
) -> None:
    await server.back_up(place)
    dao = Stops()
    other = Server(tmp_path / "new", dao)
    async with dao:
        for appid in ("mine", "yours", "theirs", "ours"):
            await put(dao, appid, *some_records(3))
        dao.removals_left = removals
        with pytest.raises(BackendError, match="killed"):
            await other.restore(place, replaces=True)
        dao.removals_left = 100
        await other.restore(place)
        assert await contents(dao) == await contents(server.dao)


async def test_another_restore_does_not_go_on_with_a_half_one(
    server: Server, place: Path, tmp_path: Path
) -> None:
    await server.back_up(place)
    dao = Breaks()
    other = Server(tmp_path / "new", dao)
    async with dao:
        dao.writes_left = 5
        with pytest.raises(StorageFullError):
            await other.restore(place)
        dao.writes_left = 100
        await server.dao.delete("para", "a@x.org")
        later = place.with_name("later.backup")
        await server.back_up(later)
        with pytest.raises(BackupError, match="add --replace"):
            await other.restore(later)
        await other.restore(later, replaces=True)
        assert await contents(dao) == await contents(server.dao)


async def test_a_half_copy_is_not_backed_up(server: Server, place: Path) -> None:
    await Marker(server.dao).put(Mark("move --from a --to b", "x"))
    with pytest.raises(ConfigError, match="move --from a --to b"):
        await server.back_up(place)


async def test_a_loss_on_the_way_is_found(server: Server, other: Server, place: Path) -> None:
    await server.back_up(place)

    class Loses(MemoryDAO):
        async def write(self, appid: str, write: Write) -> int:
            return await super().write(appid, Write(write.event, write.puts[:499]))

    async with Loses() as dao:
        other.dao = dao
        with pytest.raises(ParaError, match="'big' did not arrive"):
            await other.restore(place)
        mark = await Marker(dao).find()
        assert mark is not None
        assert not mark.is_finished
