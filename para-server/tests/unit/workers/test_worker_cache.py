from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

import pytest

from para_core.contracts.dao import Late as LateListener
from para_core.contracts.dao import Put, Record, Write
from para_core.errors import ConflictError, UnavailableError
from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.dao import MemoryDAO
from para_core.testing.cache import CacheSuite, a_record
from para_server.workers.board import Board
from para_server.workers.cache import WorkerCache
from para_server.workers.dao import Stamped, WorkerDAO
from para_server.workers.values import SharedValues

from .test_board import seats


def cache_on(board: Board, folder: Path) -> WorkerCache:
    inner = MemoryCache(CaffeineSettings(), clock=time.monotonic)
    return WorkerCache(inner, board, SharedValues(folder / "values.db"))


class Stamping(WorkerCache):
    """Takes what the suite puts as if it had just been read."""

    async def put_all(
        self, appid: str, records: Iterable[Record], *, ttl_sec: float | None = None
    ) -> None:
        rows = [(record, self._board.row_of(appid, record.id)) for record in records]
        stamped = [
            Stamped(r.id, r.type, r.data, r.change, row, self._board.steady_stamp(row))
            for r, row in rows
        ]
        await super().put_all(appid, stamped, ttl_sec=ttl_sec)

    async def get(self, appid: str, key: str) -> Record | None:
        return plain(await super().get(appid, key))

    def peek(self, appid: str, key: str) -> Record | None:
        return plain(super().peek(appid, key))

    def peek_all(self, appid: str, keys: list[str]) -> list[Record] | None:  # type: ignore[override]
        found = super().peek_all(appid, keys)
        return None if found is None else [unstamped(record) for record in found]

    async def get_all(self, appid: str, keys: list[str]) -> dict[str, Record]:  # type: ignore[override]
        found = await super().get_all(appid, keys)
        return {key: unstamped(record) for key, record in found.items()}


def plain(record: Record | None) -> Record | None:
    return None if record is None else unstamped(record)


def unstamped(record: Record) -> Record:
    return Record(record.id, record.type, record.data, record.change)


class TestWorkerCache(CacheSuite):
    @pytest.fixture
    async def cache(self, tmp_path: Path) -> AsyncIterator[WorkerCache]:
        inner = MemoryCache(CaffeineSettings(), clock=time.monotonic)
        board = seats(2)[0]
        async with Stamping(inner, board, SharedValues(tmp_path / "values.db")) as cache:
            yield cache


class Late(MemoryDAO):
    """Tells of writes that are stored late when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[LateListener] = []

    def on_late(self, heard: LateListener) -> None:
        self.heard.append(heard)


class World:
    """Two workers on one database."""

    def __init__(self, folder: Path) -> None:
        self.dao = Late()
        self.boards = seats(2)
        self.daos = [WorkerDAO(self.dao, board) for board in self.boards]
        self.caches = [cache_on(board, folder) for board in self.boards]

    async def fill(self, worker: int, key: str) -> None:
        """Read an object from the database and keep it, as the store does."""
        found = await self.daos[worker].read("app", key)
        assert found is not None
        await self.caches[worker].put("app", found)

    def held(self, worker: int, key: str) -> int:
        """Return the change of what a worker remembers; 0 for nothing."""
        found = self.caches[worker].peek("app", key)
        return 0 if found is None else found.change


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    async with world.dao, world.caches[0], world.caches[1]:
        yield world


async def test_what_is_stored_long_after_it_failed_is_forgotten_by_all_workers(
    world: World,
) -> None:
    first = await world.dao.create("app", a_record("cat"))
    told: list[int] = []

    def hear(appid: str, number: int, keys: Sequence[str]) -> None:
        assert world.held(0, "cat") == 0, "others know before"
        told.append(number)

    world.daos[1].on_late(hear)
    await world.fill(0, "cat")
    assert world.held(0, "cat") == first
    number = await world.dao.create("app", a_record("cat", text="late"))
    for heard in world.dao.heard:
        heard("app", number, ["cat"])
    assert told == [number]
    await world.fill(0, "cat")
    assert world.held(0, "cat") == number


async def test_what_another_worker_writes_is_forgotten_at_once(world: World) -> None:
    first = await world.daos[0].create("app", a_record("cat"))
    await world.fill(0, "cat")
    await world.fill(1, "cat")
    assert world.held(0, "cat") == world.held(1, "cat") == first
    await world.daos[1].create("app", a_record("cat", text="new"))
    assert world.held(0, "cat") == 0
    await world.fill(0, "cat")
    assert world.held(0, "cat") > first


async def test_what_was_read_while_another_worker_wrote_is_not_kept(world: World) -> None:
    await world.daos[0].create("app", a_record("cat"))
    row = world.boards[1].row_of("app", "cat")
    world.boards[1].begin([row])
    await world.fill(0, "cat")
    assert world.held(0, "cat") == 0
    world.boards[1].finish([row])
    assert world.held(0, "cat") == 0
    await world.fill(0, "cat")
    assert world.held(0, "cat")


async def test_what_was_read_before_another_worker_wrote_is_not_kept(world: World) -> None:
    await world.daos[0].create("app", a_record("cat"))
    early = await world.daos[0].read("app", "cat")
    assert early is not None
    await world.daos[1].create("app", a_record("cat", text="new"))
    await world.caches[0].put("app", early)
    assert world.held(0, "cat") == 0


async def test_what_a_worker_has_written_it_keeps_from_the_next_read_on(world: World) -> None:
    record = a_record("cat")
    number = await world.daos[0].create("app", record)
    await world.caches[0].put("app", Record("cat", "cat", record.data, number))
    assert world.held(0, "cat") == 0
    await world.fill(0, "cat")
    assert world.held(0, "cat") == number


async def test_objects_of_no_database_are_those_of_all_workers(world: World) -> None:
    one, other = world.caches
    for text in ("first", "second"):
        record = a_record("cat", change=0, text=text)
        await one.put("app", record)
        for cache in (one, other):
            assert await cache.get("app", "cat") == record
            assert await cache.get_all("app", ["dog", "cat"]) == {"cat": record}
            assert cache.peek("app", "cat") is None
    await other.remove("app", "cat")
    assert await one.get("app", "cat") is None
    assert await one.get_all("app", ["cat"]) == {}


async def test_what_is_stored_takes_the_place_of_what_was_not(world: World) -> None:
    one, other = world.caches
    await one.put("app", a_record("cat", change=0))
    record = a_record("cat", text="stored")
    number = await world.daos[1].create("app", record)
    await other.put("app", Record("cat", "cat", record.data, number))
    assert await one.get("app", "cat") is None
    await world.fill(0, "cat")
    assert world.held(0, "cat") == number


async def test_what_cannot_be_dropped_fails_no_write_and_is_served_by_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The object is stored by then: 503 would be wrong, and so would what was there before."""
    one, other = world.caches
    await one.put("app", a_record("cat", change=0, text="of no database"))
    await other.put("app", a_record("dog", change=0))
    record = a_record("cat", text="stored")
    number = await world.daos[1].create("app", record)
    with monkeypatch.context() as broken:
        broken.setattr(SharedValues, "_execute", _fail)
        await other.put("app", Record("cat", "cat", record.data, number))
    assert "given up" in caplog.text
    for cache in (one, other):
        assert await cache.get("app", "cat") is None
        assert await cache.get_all("app", ["cat", "dog"]) == {}
    await world.fill(0, "cat")
    assert world.held(0, "cat") == number
    bird = a_record("bird", change=0)
    await other.put("app", bird)
    assert await one.get("app", "bird") == bird
    await one.remove("app", "bird")
    assert await other.get("app", "bird") is None


def _fail(*_: object) -> None:
    raise UnavailableError("what workers have in common fails: disk I/O error")


async def test_a_removed_app_is_forgotten_by_all(world: World) -> None:
    await world.daos[0].create("app", a_record("cat"))
    await world.fill(0, "cat")
    await world.daos[1].delete_table("app")
    assert world.held(0, "cat") == 0


async def test_a_refused_write_is_over_at_once(world: World) -> None:
    await world.daos[0].create("app", a_record("cat"))
    with pytest.raises(ConflictError):
        await world.daos[1].write("app", Write("update", [Put(a_record("cat"), 99)]))
    await world.fill(0, "cat")
    assert world.held(0, "cat")


class Failing(MemoryDAO):
    """Loses its answers."""

    async def write(self, appid: str, write: Write) -> int:
        await super().write(appid, write)
        raise UnavailableError("the answer was lost on its way")


async def test_after_a_lost_answer_nothing_is_kept_for_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.setattr("para_server.workers.dao.DOUBT_SEC", 0.05)
    await world.daos[0].create("app", a_record("cat"))
    failing = Failing()
    failing.__dict__.update(world.dao.__dict__)
    with pytest.raises(UnavailableError):
        await WorkerDAO(failing, world.boards[1]).create("app", a_record("cat", text="new"))
    await world.fill(0, "cat")
    assert world.held(0, "cat") == 0
    await asyncio.sleep(0.1)
    await world.fill(0, "cat")
    assert world.held(0, "cat")


async def test_values_and_counters_are_those_of_all_workers(world: World) -> None:
    one, other = world.caches
    await one.put_value("app", "state", {"n": 1})
    assert await other.value("app", "state") == {"n": 1}
    assert [await cache.increment("app", "c", ttl_sec=60) for cache in (one, other, one)] == [
        1,
        2,
        3,
    ]
    await other.clear("app")
    assert await one.value("app", "state") is None


@pytest.mark.parametrize("name", ["a", "é\0", "\ud800", "x" * 5000], ids=ascii)
async def test_names_may_have_any_characters(world: World, name: str) -> None:
    one, other = world.caches
    await one.put_value("app", name, "v")
    assert await other.value("app", name) == "v"
    assert await one.increment("app", name, ttl_sec=60) == 1
    await one.put("app", a_record("cat", change=0))
    assert await other.get("app", name) is None
