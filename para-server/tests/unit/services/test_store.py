from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from para_core.contracts.dao import Late, Put, Record, Write
from para_core.errors import (
    BackendError,
    ConflictError,
    InvalidObjectError,
    StorageFullError,
)
from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.dao import MemoryDAO
from para_core.objects import ParaObject, Sysprop, Tag
from para_core.objects.codec import decode, record_of
from para_server.services import index_follower
from para_server.services import store as store_module
from para_server.services.health_parts import room_part
from para_server.services.index_follower import IndexFollower
from para_server.services.store import Save, Store

from .index_fakes import RecordingSearch

SOON = 2.0  # seconds; no test waits so long


class CountingDAO(MemoryDAO):
    """Counts reads; ``gate`` holds back their answers; a write may fail although it is stored."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.heard: Late = lambda *_: None

    def on_late(self, heard: Late) -> None:
        self.heard = heard

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        self.reads.append(list(keys))
        found = await super().read_all(appid, keys)
        await self.gate.wait()
        return found

    async def write(self, appid: str, write: Write) -> int:
        number = await super().write(appid, write)
        if self.failure is not None:
            raise self.failure
        return number


@dataclass
class Place:
    """A store and everything below it."""

    dao: CountingDAO
    cache: MemoryCache
    search: RecordingSearch
    index: IndexFollower
    store: Store

    async def found(self) -> set[str]:
        assert await self.index.caught_up("app", SOON)
        return self.search.ids()


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with CountingDAO() as dao:
        cache = MemoryCache(CaffeineSettings(), clock=time.monotonic)
        search = RecordingSearch()
        index = IndexFollower(dao, search, linger_sec=0)
        await index.open()
        store = Store(dao, cache=cache, index=index)
        yield Place(dao, cache, search, index, store)
        await store.close()
        await index.close()


def cat(key: str, **fields: Any) -> Sysprop:  # noqa: ANN401 - any JSON value
    flags = {name: fields.pop(name) for name in ("stored", "indexed", "cached") if name in fields}
    return Sysprop(id=key, type="cat", name=key, properties=fields, **flags)


# ---- reads ---------------------------------------------------------------------------------------


async def test_what_was_written_is_read_from_the_cache(place: Place) -> None:
    [record] = await place.store.save("app", "create", [Save(cat("a"))])
    assert await place.store.read("app", "a") == record
    assert place.store.peek("app", "a") == record
    assert place.dao.reads == []


async def test_what_the_cache_lacks_is_read_once_and_kept(place: Place) -> None:
    await place.store.save("app", "createAll", [Save(cat(key)) for key in "abc"])
    await place.cache.clear("app")
    assert (await place.store.read("app", "a") or record_of(cat("?"))).id == "a"
    assert list(await place.store.read_all("app", ["c", "a", "?", "b"])) == ["c", "a", "b"]
    assert place.dao.reads == [["a"], ["c", "?", "b"]]
    await place.store.read_all("app", ["a", "b", "c"])
    assert len(place.dao.reads) == 2


async def test_a_reader_that_was_overtaken_does_not_bring_back_the_past(place: Place) -> None:
    await place.store.save("app", "create", [Save(cat("a", color="old"))])
    await place.cache.clear("app")
    place.dao.gate.clear()
    reader = asyncio.create_task(place.store.read("app", "a"))
    await asyncio.sleep(0)
    await place.store.save("app", "update", [Save(cat("a", color="new"))])
    place.dao.gate.set()
    await reader
    assert b"new" in (await place.store.read("app", "a") or record_of(cat("?"))).data


async def test_a_reader_that_was_overtaken_does_not_bring_back_the_deleted(place: Place) -> None:
    await place.store.save("app", "create", [Save(cat("a"))])
    await place.cache.clear("app")
    place.dao.gate.clear()
    reader = asyncio.create_task(place.store.read_all("app", ["a"]))
    await asyncio.sleep(0)
    await place.store.delete("app", "delete", ["a"])
    place.dao.gate.set()
    await reader
    assert await place.store.read("app", "a") is None


async def test_without_a_cache_every_read_asks_the_database(place: Place) -> None:
    store = Store(place.dao, cache=None, index=None)
    await store.save("app", "create", [Save(cat("a"))])
    assert await store.read("app", "a") is not None
    assert store.peek("app", "a") is None
    assert list(await store.read_all("app", ["a"])) == ["a"]
    assert len(place.dao.reads) == 2


# ---- writes --------------------------------------------------------------------------------------


async def test_records_carry_the_change_that_wrote_them(place: Place) -> None:
    saved = await place.store.save("app", "createAll", [Save(cat("a")), Save(cat("b"))])
    again = await place.store.save("app", "update", [Save(cat("a"), saved[0].change)])
    assert [record.change for record in saved] == [1, 1]
    assert [record.change for record in again] == [2]
    with pytest.raises(ConflictError):
        await place.store.save("app", "update", [Save(cat("a"), 1), Save(cat("c"))])
    assert await place.store.read("app", "c") is None
    assert await place.found() == {"a", "b"}
    assert place.search.apps["app"].position == 2


async def test_objects_can_go_in_the_same_write_as_others_come(place: Place) -> None:
    await place.store.save("app", "create", [Save(cat("a"))])
    heard: list[tuple[str, list[str], list[str]]] = []
    place.store.watch(lambda appid, r, d: heard.append((appid, [one.id for one in r], list(d))))
    await place.store.save("app", "update", [Save(cat("b"))], deletes=["a", "?"])
    assert await place.store.read("app", "a") is None
    assert await place.found() == {"b"}
    assert heard == [("app", ["b"], ["a", "?"])]


async def test_nothing_to_delete_is_no_write(place: Place) -> None:
    await place.store.delete("app", "delete", [])
    assert await place.dao.last_change("app") == 0


@pytest.mark.parametrize(
    ("stored", "indexed", "cached"),
    [
        (True, True, True),
        (False, True, True),
        (False, False, True),
        (True, True, False),
        (True, False, False),
        (False, True, False),
    ],
    ids=["all", "not stored", "cached only", "not cached", "stored only", "indexed only"],
)
async def test_flags_say_where_an_object_lives(
    place: Place, *, stored: bool, indexed: bool, cached: bool
) -> None:
    flags = {"stored": stored, "indexed": indexed, "cached": cached}
    objects: list[ParaObject] = [cat("a", color="red", **flags), cat("b", color="red", **flags)]
    tag = Tag(id="tag:t", tag="t", name="t", stored=stored, indexed=indexed, cached=cached)
    await place.store.save("app", "create", [Save(tag)])
    await place.store.save("app", "createAll", [Save(obj) for obj in objects])
    keys = ["a", "b", "tag:t"]

    assert sorted(await place.dao.read_all("app", keys)) == (keys if stored else [])
    assert await place.found() == (set(keys) if indexed else set())
    assert sorted(await place.cache.get_all("app", keys)) == (keys if cached else [])
    if indexed:
        copy = decode(place.search.apps["app"].records["a"])
        assert isinstance(copy, Sysprop)
        assert copy.properties == {"color": "red"}

    assert sorted(await place.store.read_all("app", keys)) == (keys if stored or cached else [])
    assert sorted(await place.cache.get_all("app", keys)) == (keys if cached else [])

    await place.store.delete("app", "deleteAll", keys)
    assert await place.dao.read_all("app", keys) == {}
    assert await place.found() == set()
    assert await place.cache.get_all("app", keys) == {}


async def test_an_object_that_no_longer_wants_to_be_found_or_cached_goes_from_there(
    place: Place,
) -> None:
    await place.store.save("app", "create", [Save(cat("a")), Save(cat("b"))])
    assert await place.found() == {"a", "b"}
    changed = [Save(cat("a", indexed=False)), Save(cat("b", cached=False))]
    await place.store.save("app", "updateAll", changed)
    assert await place.found() == {"b"}
    assert list(await place.cache.get_all("app", ["a", "b"])) == ["a"]


# ---- failures ------------------------------------------------------------------------------------


async def test_a_write_whose_answer_was_lost_is_read_and_found(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.store.save("app", "create", [Save(cat("a", color="old"))])
    place.dao.failure = BackendError("the answer was lost")
    with pytest.raises(BackendError):
        await place.store.save("app", "update", [Save(cat("a", color="new")), Save(cat("b"))])
    place.dao.failure = None
    await asyncio.sleep(0)
    assert b"new" in (await place.store.read("app", "a") or record_of(cat("?"))).data
    assert await place.found() == {"a", "b"}


async def test_what_is_stored_after_the_write_failed_does_not_stay_hidden_by_the_cache(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "DOUBT_SEC", 0.02)
    place.dao.failure = BackendError("the answer was lost")
    with pytest.raises(BackendError):
        await place.store.save("app", "update", [Save(cat("a", color="old"))])
    place.dao.failure = None
    assert await place.store.read("app", "a") is not None  # cached from here on
    other = Store(place.dao, cache=None, index=None)
    await other.save("app", "update", [Save(cat("a", color="new"))])
    await asyncio.sleep(0.04)
    assert b"new" in (await place.store.read("app", "a") or record_of(cat("?"))).data


async def test_a_refused_write_leaves_the_index_current(place: Place) -> None:
    await place.store.save("app", "create", [Save(cat("a"))])
    assert await place.found() == {"a"}
    with pytest.raises(InvalidObjectError):
        await place.store.save("app", "create", [Save(cat(""))])
    assert place.index.is_current("app")


async def test_a_forgotten_app_is_nowhere(place: Place) -> None:
    await place.store.save("app", "createAll", [Save(cat(key)) for key in "abc"])
    assert len(await place.found()) == 3
    await place.store.forget("app")
    assert await place.store.read_all("app", ["a", "b", "c"]) == {}
    assert place.search.apps == {}
    assert await place.found() == set()


async def test_what_is_stored_long_after_it_failed_is_indexed_and_told(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    class Notes:
        def are_asked_for(self, appid: str, event: str) -> bool:
            return False

        def wrote(self, appid: str, *_: object) -> None:
            pass

        def doubt(self, appid: str) -> None:
            told.append(f"doubt {appid}")

        def on_write(self, appid: str) -> None:
            told.append(f"look {appid}")

    monkeypatch.setattr(index_follower, "DOUBT_SEC", 0.01)
    place.store.notes = cast("Any", Notes())
    await place.store.save("app", "create", [Save(cat("a"))])
    assert await place.found() == {"a"}
    number = await place.dao.write("app", Write("create", [Put(record_of(cat("late")))]))
    place.dao.heard("app", number, ["late"])
    assert told == ["doubt app", "look app"]
    async with asyncio.timeout(60):
        while await place.found() != {"a", "late"}:  # noqa: ASYNC110 - the index tells nobody
            await asyncio.sleep(0.01)


async def test_what_is_stored_long_after_it_failed_is_not_hidden_by_what_was_remembered(
    place: Place,
) -> None:
    heard: list[tuple[str, list[str]]] = []
    [record] = await place.store.save("app", "create", [Save(cat("a", color="old"))])
    place.store.watch(lambda appid, _, keys: heard.append((appid, list(keys))))
    write = Write("update", [Put(record_of(cat("a", color="new")))])
    number = await place.dao.write("app", write)
    place.dao.heard("app", number, ["a"])
    await asyncio.sleep(0)
    await place.cache.fill_all("app", [record])  # of a reader that was slower
    found = await place.store.read("app", "a")
    assert found is not None
    assert b"new" in found.data
    assert heard == [("app", ["a"])]
    await place.store.close()
    place.dao.heard("app", number, ["a"])
    await asyncio.sleep(0)
    assert len(heard) == 1, "nobody is there any more"


@pytest.mark.parametrize("has_cache", [True, False], ids=["cache", "no cache"])
async def test_watchers_hear_of_what_may_have_been_stored_and_may_still_be(
    place: Place, monkeypatch: pytest.MonkeyPatch, *, has_cache: bool
) -> None:
    monkeypatch.setattr(store_module, "DOUBT_SEC", 0)
    store = Store(place.dao, cache=place.cache if has_cache else None, index=None)
    heard: list[tuple[str, list[str]]] = []
    store.watch(lambda appid, _, keys: heard.append((appid, list(keys))))
    place.dao.failure = BackendError("the answer was lost")
    with pytest.raises(BackendError):
        await store.save("app", "update", [Save(cat("a"))], deletes=["b"])
    async with asyncio.timeout(60):
        while len(heard) < 2:  # noqa: ASYNC110 - a list tells nobody
            await asyncio.sleep(0)
    assert heard == [("app", ["a", "b"])] * 2


async def test_a_write_that_fails_when_all_is_closed_leaves_nothing_to_do(place: Place) -> None:
    store = Store(place.dao, cache=place.cache, index=None)
    await store.close()
    place.dao.failure = BackendError("the answer was lost")
    before = asyncio.all_tasks()
    with pytest.raises(BackendError):
        await store.save("app", "update", [Save(cat("a"))])
    assert asyncio.all_tasks() == before


async def test_a_database_without_room_is_told_until_a_write_finds_some(place: Place) -> None:
    part = room_part(place.store)
    assert not part.is_vital
    await place.store.save("app", "create", [Save(cat("a"))])
    assert await part.check() == ""
    place.dao.failure = StorageFullError("the disk has no space left")
    for _ in range(2):
        with pytest.raises(StorageFullError):
            await place.store.save("app", "create", [Save(cat("b"))])
    assert await part.check() == "the disk has no space left"
    place.dao.failure = BackendError("something else")
    with pytest.raises(BackendError):
        await place.store.save("app", "create", [Save(cat("b"))])
    assert await part.check() != "", "nothing was stored yet"
    place.dao.failure = None
    await place.store.save("app", "create", [Save(cat("b"))])
    assert await part.check() == ""


async def test_room_that_is_there_again_is_seen_though_nobody_writes(place: Place) -> None:
    part = room_part(place.store)
    place.dao.failure = StorageFullError("the disk has no space left")
    with pytest.raises(StorageFullError):
        await place.store.save("app", "create", [Save(cat("a"))])
    assert await part.check() == "the disk has no space left"
    place.dao.failure = None
    assert await part.check() == ""
    room = "_health"
    assert await place.dao.read_page(room) == [], "what was tried is removed"
    assert len(await place.dao.changes(room, 0)) <= 1
    last = await place.dao.last_change(room)
    assert await part.check() == ""
    assert await place.dao.last_change(room) == last, "nothing is tried while writes find room"


async def test_what_was_stored_to_look_for_room_is_removed_though_a_write_came_first(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, write = room_part(place.store), place.dao.write
    place.dao.failure = StorageFullError("the disk has no space left")
    with pytest.raises(StorageFullError):
        await place.store.save("app", "create", [Save(cat("a"))])
    place.dao.failure = None

    async def keep(appid: str, wanted: Write) -> int:
        if wanted.deletes:
            raise BackendError("the answer was lost")
        return await write(appid, wanted)

    with monkeypatch.context() as patch:
        patch.setattr(place.dao, "write", keep)
        assert await part.check() == "the disk has no space left"
        assert len(await place.dao.read_page("_health")) == 1
        await place.store.save("app", "create", [Save(cat("a"))])
        assert await part.check() == "", "a write found room"
    assert await part.check() == ""
    assert await place.dao.read_page("_health") == []
