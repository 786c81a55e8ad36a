"""The cache in memory: its bounds, its times, and that records never go back in time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from para_core.config import Config
from para_core.contracts.dao import Record
from para_core.memory.cache import ENTRY_BYTES, MARKER_SEC, CaffeineSettings, MemoryCache
from para_core.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def a_cache(clock: FakeClock, *, entries: int = 100, max_bytes: int = 1_000_000) -> MemoryCache:
    return MemoryCache(CaffeineSettings(cache_size=entries, max_bytes=max_bytes), clock=clock)


def a_record(key: str, change: int = 1, *, size: int = 2) -> Record:
    return Record(key, "cat", b"x" * size, change)


async def kept(cache: MemoryCache, *keys: str) -> list[str]:
    return list(await cache.get_all("app", keys))


async def test_the_least_recently_used_record_goes_first(clock: FakeClock) -> None:
    cache = a_cache(clock, entries=2)
    await cache.put_all("app", [a_record("a"), a_record("b")])
    await cache.get("app", "a")
    await cache.put("app", a_record("c"))
    assert await kept(cache, "a", "b", "c") == ["a", "c"]


async def test_all_apps_share_the_room(clock: FakeClock) -> None:
    cache = a_cache(clock, entries=2)
    for appid in ("app1", "app2", "app3"):
        await cache.put(appid, a_record("a"))
    assert len(cache) == 2
    assert not await cache.contains("app1", "a")


async def test_large_records_push_out_more(clock: FakeClock) -> None:
    cache = a_cache(clock, max_bytes=10 * (ENTRY_BYTES + 100))
    await cache.put_all("app", [a_record(str(n), size=80) for n in range(10)])
    assert len(cache) == 10
    await cache.put("app", a_record("large", size=3 * ENTRY_BYTES))
    assert await kept(cache, "2", "3", "4", "9", "large") == ["4", "9", "large"]


async def test_the_sum_of_bytes_is_right_after_all_ways_out(clock: FakeClock) -> None:
    cache = a_cache(clock, max_bytes=5000)
    for size in (100, 3000, 10):
        await cache.put("app", a_record("a", size=size))
    await cache.put("app", a_record("b"), ttl_sec=1)
    await cache.put("other", a_record("c"))
    assert cache.size_bytes == 3 * (ENTRY_BYTES + 4) + 10 + 2 + 2
    await clock.advance(2)
    assert await cache.get("app", "b") is None
    await cache.remove("app", "a")
    await cache.clear("other")
    assert (cache.size_bytes, len(cache)) == (0, 0)


async def test_a_record_larger_than_the_cache_is_not_kept_and_moves_nothing_else(
    clock: FakeClock,
) -> None:
    cache = a_cache(clock, max_bytes=5000)
    await cache.put_all("app", [a_record("a", 1), a_record("b", 1)])
    await cache.put("app", a_record("a", 2, size=6000))
    assert await kept(cache, "a", "b") == ["b"]
    await cache.put("app", a_record("a", 1))
    assert not await cache.contains("app", "a")


async def test_each_record_ends_at_its_own_time(clock: FakeClock) -> None:
    cache = a_cache(clock)
    for seconds in (10, 20, 30):
        await cache.put("app", a_record(str(seconds)), ttl_sec=seconds)
    await cache.put("app", a_record("usual"))
    left = []
    for advance in (5, 5, 10, 10, 600):
        await clock.advance(advance)
        left.append(await kept(cache, "10", "20", "30", "usual"))
    assert left == [
        ["10", "20", "30", "usual"],
        ["20", "30", "usual"],
        ["30", "usual"],
        ["usual"],
        [],
    ]


async def test_the_configuration_bounds_number_and_life(clock: FakeClock) -> None:
    keys = {"para.caffeine.evict_after_minutes": "2", "para.caffeine.cache_size": "1"}
    cache = MemoryCache(Config(keys).section("para.caffeine", CaffeineSettings), clock=clock)
    await cache.put_all("app", [a_record("a"), a_record("b")])
    await clock.advance(119)
    assert await kept(cache, "a", "b") == ["b"]
    await clock.advance(2)
    assert await kept(cache, "a", "b") == []


async def test_reading_does_not_prolong_a_life(clock: FakeClock) -> None:
    cache = a_cache(clock)
    await cache.put("app", a_record("a"))
    await clock.advance(599)
    assert await cache.contains("app", "a")
    await clock.advance(1)
    assert not await cache.contains("app", "a")


async def test_a_record_that_was_pushed_out_is_still_known(clock: FakeClock) -> None:
    cache = a_cache(clock, entries=1)
    await cache.put("app", a_record("a", 5))
    await cache.put("app", a_record("b", 6))
    await cache.put("app", a_record("a", 4))
    assert await kept(cache, "a", "b") == ["b"]
    await cache.put("app", a_record("a", 5))
    assert await kept(cache, "a", "b") == ["a"]


async def test_a_marker_ends(clock: FakeClock) -> None:
    cache = a_cache(clock)
    await cache.remove("app", "a", change=5)
    await clock.advance(MARKER_SEC)
    await cache.put("app", a_record("a", 4))
    assert await cache.contains("app", "a")


async def test_a_flood_of_one_kind_leaves_the_others(clock: FakeClock) -> None:
    cache = a_cache(clock, entries=10)
    await cache.increment("app", "failures", ttl_sec=600)
    await cache.put_value("app", "value", 1)
    await cache.put("app", a_record("a"))
    for number in range(50):
        await cache.put("app", a_record(str(number)))
    assert await cache.value("app", "value") == 1
    for number in range(50):
        await cache.put_value("app", str(number), number)
    assert await cache.increment("app", "failures", ttl_sec=600) == 2
    assert len(cache) == 10


async def test_values_and_markers_are_bounded_by_bytes_too(clock: FakeClock) -> None:
    cache = a_cache(clock, max_bytes=8 * 10 * ENTRY_BYTES)
    await cache.put_value("app", "huge", "x" * 20 * ENTRY_BYTES)
    assert await cache.value("app", "huge") is None
    for number in range(50):
        await cache.put_value("app", str(number), "x" * ENTRY_BYTES)
        await cache.remove("app", str(number), change=9)
    living = [n for n in range(50) if await cache.value("app", str(n)) is not None]
    assert living == [46, 47, 48, 49]


async def test_peeking_finds_what_getting_finds(clock: FakeClock) -> None:
    cache = a_cache(clock)
    await cache.put("app", a_record("a"))
    assert cache.peek("app", "a") == await cache.get("app", "a") == a_record("a")


async def test_a_peeked_page_counts_as_used_and_lives_as_long(clock: FakeClock) -> None:
    cache = a_cache(clock, entries=3)
    await cache.put_all("app", [a_record("a"), a_record("b"), a_record("c")])
    assert cache.peek_all("app", ["b", "a"]) == [a_record("b"), a_record("a")]
    await cache.put("app", a_record("d"), ttl_sec=1)
    assert await kept(cache, "a", "b", "c", "d") == ["a", "b", "d"]
    await clock.advance(1)
    assert cache.peek_all("app", ["a", "d"]) is None


KEYS = st.sampled_from("abc")
STEPS = st.one_of(
    st.tuples(st.just("write"), KEYS),  # a writer stores and fills the cache
    st.tuples(st.just("update"), KEYS),  # a writer stores and removes from the cache
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("read"), KEYS),  # a reader asks the database
    st.tuples(st.just("fill"), st.integers(0, 8)),  # one of the readers, late, fills the cache
    st.tuples(st.just("late removal"), st.integers(0, 8)),  # of a change long ago
    st.tuples(st.just("forget"), KEYS),  # a removal without a number
    st.tuples(st.just("wait"), st.integers(0, 3)),
    st.tuples(st.just("crowd"), st.integers(1, 3)),  # others need the room
)


class World:
    """A database, a cache, readers on their way, and what the cache was told so far."""

    def __init__(self, entries: int) -> None:
        self.clock = FakeClock()
        self.cache = a_cache(self.clock, entries=entries)
        self.stored: dict[str, Record] = {}
        self.change = 0
        self.seen: dict[str, int] = {}
        self.readers: list[Record] = []
        self.removals: list[tuple[str, int]] = []

    async def do(self, what: str, argument: str | int) -> None:
        if isinstance(argument, str):
            await self.act(what, argument)
        elif what == "fill" and self.readers:
            await self.put(self.readers[argument % len(self.readers)])
        elif what == "late removal" and self.removals:
            key, change = self.removals[argument % len(self.removals)]
            await self.cache.remove("app", key, change=change)
        elif what == "wait":
            await self.clock.advance(argument)
        elif what == "crowd":
            for number in range(argument):
                await self.cache.put("app", a_record(f"crowd{number}", self.change))

    async def act(self, what: str, key: str) -> None:
        if what == "read":
            self.readers += [self.stored[key]] if key in self.stored else []
            return
        if what == "forget":
            await self.cache.remove("app", key)
            return
        self.change += 1
        self.stored.pop(key, None)
        if what != "delete":
            self.stored[key] = a_record(key, self.change)
        if what == "write":
            await self.put(self.stored[key])
        else:
            self.seen[key] = self.change
            self.removals.append((key, self.change))
            await self.cache.remove("app", key, change=self.change)

    async def put(self, record: Record) -> None:
        self.seen[record.id] = max(record.change, self.seen.get(record.id, 0))
        await self.cache.put("app", record, ttl_sec=2)


@settings(max_examples=300, deadline=None)
@given(entries=st.integers(2, 8), steps=st.lists(STEPS, max_size=20))
async def test_the_cache_never_shows_an_older_change_than_it_was_told(
    entries: int, steps: list[tuple[str, str | int]]
) -> None:
    world = World(max(entries, 8) if any(what == "crowd" for what, _ in steps) else entries)
    for what, argument in steps:
        await world.do(what, argument)
        for key in "abc":
            found = world.cache.peek("app", key)
            assert found is None or found.change >= world.seen[key], (what, argument)


async def test_the_check_above_sees_a_cache_that_goes_back(clock: FakeClock) -> None:
    """Without markers the same story shows the old record."""
    del clock
    world = World(8)
    world.cache._mark = lambda slot, change: None  # type: ignore[method-assign]
    for what in ("write", "read", "delete"):
        await world.do(what, "a")
    await world.do("fill", 0)
    found = world.cache.peek("app", "a")
    assert found is not None
    assert found.change < world.seen["a"]
