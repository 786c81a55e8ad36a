"""The suite that every cache passes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from para_core.contracts.cache import Cache
from para_core.contracts.dao import Record

__all__ = ["CacheSuite", "PassTime", "a_record"]

PassTime = Callable[[float], Awaitable[None]]


def a_record(key: str, change: int = 1, text: str = "") -> Record:
    """Return a record of the type ``cat``."""
    return Record(key, "cat", f'{{"id":"{key}","text":"{text}"}}'.encode(), change)


class CacheSuite:
    """What every cache promises; provide the fixture ``cache``, open and empty.

    A cache whose clock is a fake overrides ``pass_time`` to move it.
    """

    @pytest.fixture
    def pass_time(self) -> PassTime:
        """Let so many seconds pass."""
        return asyncio.sleep

    # ---- records ----------------------------------------------------------------------------

    @pytest.mark.parametrize("key", ["", " ", "123"], ids=["empty", "blank", "unknown"])
    async def test_an_unknown_key_is_not_there(self, cache: Cache, key: str) -> None:
        assert await cache.get("app", key) is None
        assert cache.peek("app", key) is None
        assert not await cache.contains("app", key)

    async def test_a_record_comes_back_as_it_was(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat1", 7))
        assert await cache.get("app", "cat1") == a_record("cat1", 7)
        assert await cache.contains("app", "cat1")

    async def test_what_can_be_peeked_is_what_is_there(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat1", 7))
        assert cache.peek("app", "cat1") in (a_record("cat1", 7), None)

    async def test_a_page_is_peeked_whole_or_not_at_all(self, cache: Cache) -> None:
        await cache.put_all("app", [a_record("cat1"), a_record("cat2")])
        page = cache.peek_all("app", ["cat2", "cat1", "cat2"])
        assert page in ([a_record("cat2"), a_record("cat1"), a_record("cat2")], None)
        assert cache.peek_all("app", ["cat1", "missing", "cat2"]) is None
        assert cache.peek_all("app", []) == []

    @pytest.mark.parametrize("appid", ["", "  "], ids=["empty", "blank"])
    async def test_a_blank_app_holds_nothing(self, cache: Cache, appid: str) -> None:
        await cache.put(appid, a_record("cat1"))
        await cache.put_value(appid, "name", 1)
        await cache.remove(appid, "cat1", change=1)
        await cache.clear(appid)
        assert await cache.get(appid, "cat1") is None
        assert await cache.value(appid, "name") is None

    async def test_a_record_without_id_is_not_kept(self, cache: Cache) -> None:
        await cache.put_all("app", [a_record(""), a_record(" "), a_record("cat1")])
        assert not await cache.contains("app", "")
        assert not await cache.contains("app", " ")
        assert await cache.contains("app", "cat1")

    async def test_apps_do_not_see_each_other(self, cache: Cache) -> None:
        await cache.put("app1", a_record("123", text="one"))
        await cache.put("app2", a_record("456"))
        assert not await cache.contains("app1", "456")
        assert not await cache.contains("app2", "123")
        await cache.put("app2", a_record("123", text="two"))
        assert await cache.get("app1", "123") == a_record("123", text="one")
        assert await cache.get("app2", "123") == a_record("123", text="two")

    async def test_names_of_apps_and_keys_never_run_together(self, cache: Cache) -> None:
        await cache.put("a", a_record("b:c"))
        await cache.put("a:b", a_record("d"))
        assert not await cache.contains("a:b", "c")
        assert not await cache.contains("a", "b:d")

    async def test_many_come_back_in_the_order_asked(self, cache: Cache) -> None:
        await cache.put_all("app", [a_record("cat1"), a_record("cat2"), a_record("cat3")])
        found = await cache.get_all("app", ["cat3", "none", "cat1", "", "cat3"])
        assert list(found.items()) == [("cat3", a_record("cat3")), ("cat1", a_record("cat1"))]

    async def test_of_nothing_nothing_comes_back(self, cache: Cache) -> None:
        assert await cache.get_all("app", []) == {}
        await cache.put_all("app", [])
        await cache.remove_all("app", [])

    async def test_removed_records_are_gone(self, cache: Cache) -> None:
        await cache.put_all("app", [a_record("cat1"), a_record("cat2"), a_record("cat3")])
        await cache.remove("app", "cat1")
        await cache.remove_all("app", ["cat2", "", "missing"])
        assert list(await cache.get_all("app", ["cat1", "cat2", "cat3"])) == ["cat3"]

    async def test_clearing_an_app_leaves_the_others(self, cache: Cache) -> None:
        for appid in ("app1", "app2"):
            await cache.put_all(appid, [a_record("cat1"), a_record("cat2")])
            await cache.put_value(appid, "name", "text")
            await cache.increment(appid, "calls", ttl_sec=60)
        await cache.clear("app1")
        assert await cache.get_all("app1", ["cat1", "cat2"]) == {}
        assert await cache.value("app1", "name") is None
        assert await cache.increment("app1", "calls", ttl_sec=60) == 1
        assert list(await cache.get_all("app2", ["cat1", "cat2"])) == ["cat1", "cat2"]
        assert await cache.value("app2", "name") == "text"
        assert await cache.increment("app2", "calls", ttl_sec=60) == 2

    async def test_an_app_that_was_cleared_starts_from_the_first_change(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat1", 90))
        await cache.remove("app", "cat2", change=91)
        await cache.clear("app")
        await cache.put_all("app", [a_record("cat1", 1), a_record("cat2", 2)])
        assert list(await cache.get_all("app", ["cat1", "cat2"])) == ["cat1", "cat2"]

    async def test_records_end_after_their_time(self, cache: Cache, pass_time: PassTime) -> None:
        await cache.put("app", a_record("short"), ttl_sec=1)
        await cache.put("app", a_record("usual"))
        assert await cache.contains("app", "short")
        await pass_time(1.1)
        assert await cache.get("app", "short") is None
        assert await cache.contains("app", "usual")

    @pytest.mark.parametrize("ttl_sec", [None, 0, -1], ids=str)
    async def test_without_a_time_the_usual_one_holds(
        self, cache: Cache, pass_time: PassTime, ttl_sec: float | None
    ) -> None:
        await cache.put("app", a_record("cat1"), ttl_sec=ttl_sec)
        await pass_time(1.1)
        assert await cache.contains("app", "cat1")

    async def test_writing_again_starts_the_time_again(
        self, cache: Cache, pass_time: PassTime
    ) -> None:
        await cache.put("app", a_record("cat1"), ttl_sec=1)
        await pass_time(0.7)
        await cache.put("app", a_record("cat1"), ttl_sec=1)
        await pass_time(0.7)
        assert await cache.contains("app", "cat1")

    # ---- never back in time -----------------------------------------------------------------

    async def test_a_later_change_replaces_an_earlier_one(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat1", 5, "old"))
        await cache.put("app", a_record("cat1", 6, "new"))
        assert await cache.get("app", "cat1") == a_record("cat1", 6, "new")

    async def test_an_earlier_change_is_ignored(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat1", 6, "new"))
        await cache.put("app", a_record("cat1", 5, "old"))
        assert await cache.get("app", "cat1") == a_record("cat1", 6, "new")

    async def test_a_slow_reader_does_not_bring_back_what_was_deleted(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat1", 5))
        await cache.remove("app", "cat1", change=6)
        await cache.put("app", a_record("cat1", 5))
        assert await cache.get("app", "cat1") is None

    async def test_a_slow_reader_loses_also_where_nothing_was_held(self, cache: Cache) -> None:
        await cache.remove("app", "cat1", change=6)
        await cache.put("app", a_record("cat1", 5))
        assert await cache.get("app", "cat1") is None

    async def test_the_change_that_removed_a_record_can_fill_it(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat1", 5, "old"))
        await cache.remove("app", "cat1", change=6)
        await cache.put("app", a_record("cat1", 6, "new"))
        assert await cache.get("app", "cat1") == a_record("cat1", 6, "new")

    async def test_a_late_removal_leaves_what_is_newer(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat1", 7))
        await cache.remove("app", "cat1", change=6)
        assert await cache.get("app", "cat1") == a_record("cat1", 7)

    async def test_a_removal_without_a_number_keeps_what_was_known(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat1", 7))
        await cache.remove("app", "cat1")
        await cache.put("app", a_record("cat1", 6))
        assert await cache.get("app", "cat1") is None
        await cache.put("app", a_record("cat1", 7))
        assert await cache.contains("app", "cat1")

    async def test_a_record_that_ended_is_still_known(
        self, cache: Cache, pass_time: PassTime
    ) -> None:
        await cache.put("app", a_record("cat1", 7), ttl_sec=1)
        await pass_time(1.1)
        assert await cache.get("app", "cat1") is None
        await cache.put("app", a_record("cat1", 6))
        assert await cache.get("app", "cat1") is None

    # ---- what was read ----------------------------------------------------------------------

    async def test_a_miss_is_filled(self, cache: Cache) -> None:
        assert await cache.get("app", "cat1") is None
        await cache.fill_all("app", [a_record("cat1", 5)])
        assert await cache.get("app", "cat1") == a_record("cat1", 5)

    async def test_misses_of_a_page_are_filled(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat2", 4))
        assert list(await cache.get_all("app", ["cat1", "cat2", "cat3"])) == ["cat2"]
        await cache.fill_all("app", [a_record("cat1", 5), a_record("cat3", 5)])
        found = await cache.get_all("app", ["cat1", "cat2", "cat3"])
        assert list(found) == ["cat1", "cat2", "cat3"]

    async def test_what_changed_while_it_was_read_is_not_filled(self, cache: Cache) -> None:
        assert await cache.get("app", "cat1") is None
        await cache.put("app", a_record("cat1", 6, "new"))
        await cache.fill_all("app", [a_record("cat1", 5, "old")])
        assert await cache.get("app", "cat1") == a_record("cat1", 6, "new")

    async def test_what_was_deleted_while_it_was_read_is_not_filled(self, cache: Cache) -> None:
        assert await cache.get("app", "cat1") is None
        await cache.remove("app", "cat1", change=6)
        await cache.fill_all("app", [a_record("cat1", 5)])
        assert await cache.get("app", "cat1") is None

    async def test_what_was_removed_is_gone_for_all_when_it_is_settled(self, cache: Cache) -> None:
        await cache.put_all("app", [a_record("cat1", 5), a_record("cat2", 5)])
        await cache.remove("app", "cat1", change=6)
        await cache.settle()
        assert list(await cache.get_all("app", ["cat1", "cat2"])) == ["cat2"]

    # ---- values -----------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "value",
        ["", "text", "123", 123, 1.0, 2**53, True, False, [1, "1", None], {"a": {"b": [1.5]}}],
        ids=repr,
    )
    async def test_a_value_comes_back_with_its_type(self, cache: Cache, value: object) -> None:
        await cache.put_value("app", "name", value)
        found = await cache.value("app", "name")
        assert found == value
        assert type(found) is type(value)

    async def test_a_value_is_a_copy(self, cache: Cache) -> None:
        value = {"list": [1]}
        await cache.put_value("app", "name", value)
        value["list"].append(2)
        found = await cache.value("app", "name")
        assert found == {"list": [1]}
        assert isinstance(found, dict)
        found["list"].append(3)
        assert await cache.value("app", "name") == {"list": [1]}

    async def test_none_removes_a_value(self, cache: Cache) -> None:
        await cache.put_value("app", "name", 1)
        await cache.put_value("app", "name", None)
        await cache.put_value("app", "missing", None)
        assert await cache.value("app", "name") is None

    async def test_a_value_ends_after_its_time(self, cache: Cache, pass_time: PassTime) -> None:
        await cache.put_value("app", "name", "x", ttl_sec=1)
        await pass_time(1.1)
        assert await cache.value("app", "name") is None

    async def test_values_and_records_have_separate_names(self, cache: Cache) -> None:
        await cache.put_value("app", "name", 1)
        await cache.put("app", a_record("name"))
        await cache.increment("app", "name", ttl_sec=60)
        assert await cache.value("app", "name") == 1
        assert await cache.get("app", "name") == a_record("name")
        await cache.remove("app", "name", change=9)
        assert await cache.value("app", "name") == 1

    # ---- counters ---------------------------------------------------------------------------

    async def test_a_counter_counts(self, cache: Cache) -> None:
        assert await cache.increment("app", "calls", ttl_sec=60) == 1
        assert await cache.increment("app", "calls", by=4, ttl_sec=60) == 5
        assert await cache.increment("app", "calls", by=0, ttl_sec=60) == 5
        assert await cache.increment("app", "calls", by=-2, ttl_sec=60) == 3
        assert await cache.increment("other", "calls", ttl_sec=60) == 1

    async def test_callers_at_the_same_time_are_all_counted(self, cache: Cache) -> None:
        calls = [cache.increment("app", "calls", ttl_sec=60) for _ in range(50)]
        assert sorted(await asyncio.gather(*calls)) == list(range(1, 51))

    async def test_a_counter_ends_with_its_window(self, cache: Cache, pass_time: PassTime) -> None:
        await cache.increment("app", "calls", ttl_sec=1)
        await pass_time(0.7)
        assert await cache.increment("app", "calls", ttl_sec=1) == 2
        await pass_time(0.7)
        assert await cache.increment("app", "calls", ttl_sec=1) == 1

    async def test_closing_twice_is_harmless(self, cache: Cache) -> None:
        await cache.put("app", a_record("cat1"))
        await cache.close()
        await cache.close()
        await cache.open()
        await cache.put("app", a_record("cat2"))
        assert await cache.get("app", "cat2") == a_record("cat2")
        assert await cache.get("app", "cat1") in (a_record("cat1"), None)
