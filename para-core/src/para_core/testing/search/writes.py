"""Indexing, removing, rebuilding; positions; apps apart from each other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from para_core.contracts.dao import Record
from para_core.contracts.search import Search
from para_core.query.tree import All, Exact
from para_core.testing.search.samples import (
    APP,
    a_record,
    batches,
    count_of,
    fill,
    find,
    found,
)

__all__ = ["WriteTests"]

_ODD_IDS = ["a/b", "..", " two  words ", "a\tb\nc", 'it\'s "so"', "'; DROP TABLE x; --", "100%_*?"]
_ODD_IDS += ["žluť", "对象", "כלב", "e\u0301", "👩\u200d👧", "\U0010ffff", "\x1fa", "null", "-1"]
_ODD_IDS += ["x" * 300, "🐈" * 400, "AND", "a:b:c", "\\", "(", "[1 TO 2]"]


class WriteTests:
    """What an index holds after writes."""

    async def test_an_unknown_app_has_nothing(self, search: Search) -> None:
        assert await search.position("nosuch") is None
        hits = await search.find("nosuch", All())
        assert (hits.keys, hits.total, hits.last_key, hits.sources) == ([], 0, None, {})
        await search.drop("nosuch")

    async def test_what_was_indexed_is_found_at_once(self, search: Search) -> None:
        for n in range(30):
            await search.index(APP, [a_record(f"k{n}", n=n)], [], n + 1)
            assert await found(search, f"properties.n:{n}") == f"k{n}"
            assert await count_of(search, "*") == n + 1

    async def test_a_record_replaces_the_one_of_its_id(self, search: Search) -> None:
        await fill(search, [a_record("k", "cat", old="gone", n=1)])
        await fill(search, [a_record("k", "dog", new="here", n=2)])
        assert await found(search, "here") == "k"
        assert await found(search, "gone") == ""
        assert await found(search, "properties.old:[* TO *]") == ""
        assert await search.count(APP, All(), kind="cat") == 0
        assert await search.count(APP, All(), kind="dog") == 1

    async def test_of_equal_ids_in_one_call_the_last_counts(self, search: Search) -> None:
        await fill(search, [a_record("k", v="one"), a_record("x"), a_record("k", v="two")])
        assert await found(search, "*", sort="_docid", desc=False) == "x k"
        assert await found(search, "one") == ""
        assert await found(search, "two") == "k"

    async def test_removed_ids_are_gone(self, search: Search) -> None:
        await fill(search, [a_record(key) for key in "abc"])
        await search.index(APP, [], ["b", "nosuch", "b"], 2)
        assert await found(search, "*", sort="id", desc=False) == "a c"
        await search.index(APP, [a_record("b")], ["a"], 3)
        assert await found(search, "*", sort="id", desc=False) == "b c"

    async def test_the_same_again_changes_nothing(self, search: Search) -> None:
        records = [a_record(key) for key in "abc"]
        for _ in range(3):
            await search.index(APP, records, ["z"], 5)
        assert await found(search, "*", sort="id", desc=False) == "a b c"
        assert await search.position(APP) == 5

    async def test_an_empty_call_moves_the_position(self, search: Search) -> None:
        await search.index(APP, [], [], 9)
        assert await search.position(APP) == 9
        assert await count_of(search, "*") == 0

    async def test_positions_are_kept_where_none_is_given(self, search: Search) -> None:
        await search.index(APP, [a_record("a")], [], 4)
        await search.index(APP, [a_record("b", change=0)], [], None)
        assert await search.position(APP) == 4
        assert await count_of(search, "*") == 2

    @pytest.mark.parametrize("key", _ODD_IDS, ids=range(len(_ODD_IDS)))
    async def test_odd_ids_are_ids(self, search: Search, key: str) -> None:
        await fill(search, [a_record(key, "odd", v="x"), a_record("plain", "odd", v="x")])
        assert (await find(search, Exact("id", key))).keys == [key]
        hits = await find(search, "properties.v:x", sort="_docid", desc=False)
        assert hits.keys == [key, "plain"]
        await search.index(APP, [a_record(key, "odd", v="y")], [], 2)
        assert await count_of(search, "properties.v:x") == 1
        await search.index(APP, [], [key], 3)
        assert await found(search, "*") == "plain"

    async def test_odd_field_names_are_fields(self, search: Search) -> None:
        names = [
            "sp ace",
            "dot.ted",
            "a[0]",
            "ключ",
            'quo"te',
            "co:lon",
            "_x",
            "x" * 300,
            "\x1f",
            "%",
        ]
        fields: dict[str, Any] = {name: f"value{n}" for n, name in enumerate(names)}
        await fill(search, [a_record("k", **fields), a_record("other")])
        for n, name in enumerate(names):
            assert await found(search, Exact(f"properties.{name}", f"value{n}")) == "k"
            assert await found(search, f"value{n}") == "k"
            sort: dict[str, Any] = (
                {"sort": f"properties.{name}"} if "," not in name and ":" not in name else {}
            )
            assert (await found(search, "*", limit=5, **sort)).split()[0] in ("k", "other")

    async def test_values_of_any_type_live_in_one_field(self, search: Search) -> None:
        values = [5, "five", [5, 6], True, {"six": 6}, None, 2.5, "5", [], [{"x": 1}]]
        await fill(search, [a_record(f"m{n}", v=value) for n, value in enumerate(values)])
        assert await count_of(search, "*") == len(values)
        answers = {"five": "m1", "true": "m3", "6": "m2", "2.5": "m6", "5": "m0 m2 m7"}
        for text, keys in answers.items():
            assert await found(search, f"properties.v:{text}", sort="id", desc=False) == keys
        await fill(search, [a_record("m0", v="six")])
        assert await found(search, "properties.v:six") == "m0"
        assert await found(search, "properties.v:5", sort="id", desc=False) == "m2 m7"

    async def test_one_bad_record_does_not_harm_the_others(
        self, search: Search, caplog: pytest.LogCaptureFixture
    ) -> None:
        await fill(search, [a_record("bad", v="old")])
        bad = Record("bad", "thing", b'{"id":', 1)
        with caplog.at_level(logging.WARNING):
            await search.index(APP, [a_record("a"), bad, a_record("b")], [], 2)
        assert await found(search, "name:*a OR id:a OR id:b", sort="id", desc=False)
        assert await count_of(search, Exact("id", "a")) == 1
        assert await count_of(search, Exact("id", "b")) == 1
        assert await search.position(APP) == 2
        assert any(record.levelno >= logging.WARNING for record in caplog.records)

    # ---- objects that live in the index only ----------------------------------------------------

    async def test_objects_of_the_index_only_are_kept_whole(self, search: Search) -> None:
        kept, stored = a_record("kept", change=0, v=[1, "é"]), a_record("stored")
        await search.index(APP, [kept, stored], [], None)
        hits = await find(search, "*", sort="id", desc=False)
        assert hits.keys == ["kept", "stored"]
        assert hits.sources == {"kept": kept.data}
        await search.index(APP, [a_record("kept", change=3)], [], 3)
        assert (await find(search, "*")).sources == {}

    # ---- rebuilding -----------------------------------------------------------------------------

    async def test_a_rebuild_replaces_everything(self, search: Search) -> None:
        await fill(search, [a_record("old"), a_record("both", v="old")])
        new = [[a_record("both", v="new"), a_record("x")], [], [a_record("y")]]
        assert await search.rebuild(APP, batches(*new), 7) == 3
        assert await search.position(APP) == 7
        assert await found(search, "*", sort="id", desc=False) == "both x y"
        assert await found(search, "properties.v:old") == ""
        await search.index(APP, [a_record("z")], ["x"], 8)
        assert await found(search, "*", sort="id", desc=False) == "both y z"

    async def test_a_rebuild_makes_an_index(self, search: Search) -> None:
        assert await search.rebuild("new", batches([a_record("a")]), 3) == 1
        assert await search.position("new") == 3
        assert await found(search, "*", appid="new") == "a"
        assert await search.rebuild("empty", batches(), 1) == 0
        assert await search.position("empty") == 1

    async def test_the_old_index_answers_until_the_new_one_is_complete(
        self, search: Search
    ) -> None:
        await fill(search, [a_record("old")])
        seen: list[str] = []

        async def read() -> AsyncIterator[Sequence[Record]]:
            for n in range(5):
                yield [a_record(f"new{n}")]
                await asyncio.sleep(0)
                seen.append(await found(search, "*"))

        assert await search.rebuild(APP, read(), 2) == 5
        assert set(seen) == {"old"}
        assert await count_of(search, "*") == 5

    async def test_a_failed_rebuild_leaves_the_old_index(self, search: Search) -> None:
        await fill(search, [a_record("old")])

        async def read() -> AsyncIterator[Sequence[Record]]:
            yield [a_record("new")]
            raise ConnectionError("the database is gone")

        with pytest.raises(ConnectionError):
            await search.rebuild(APP, read(), 2)
        assert await found(search, "*") == "old"
        assert await search.position(APP) == 1
        await fill(search, [a_record("next")])
        assert await count_of(search, "*") == 2

    async def test_a_cancelled_rebuild_leaves_the_old_index(self, search: Search) -> None:
        await fill(search, [a_record("old")])

        async def read() -> AsyncIterator[Sequence[Record]]:
            yield [a_record("new")]
            await asyncio.Event().wait()

        task = asyncio.ensure_future(search.rebuild(APP, read(), 2))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await found(search, "*") == "old"
        assert await search.rebuild(APP, batches([a_record("new")]), 2) == 1
        assert await found(search, "*") == "new"

    async def test_cursors_go_on_after_a_rebuild(self, search: Search) -> None:
        """A walk begins anew: everything has a greater number now."""
        await fill(search, [a_record(key) for key in "abc"])
        first = await find(search, "*", limit=2, sort="_docid", desc=False)
        await search.rebuild(APP, batches([a_record(key) for key in "abc"]), 2)
        rest = await found(search, "*", sort="_docid", desc=False, last_key=first.last_key)
        assert rest == "a b c"

    # ---- apps -----------------------------------------------------------------------------------

    async def test_apps_never_see_each_other(self, search: Search) -> None:
        apps = ["app", "app2", "ap", "APP", "app_1", "a.b", "a-b", "приложение"]
        for n, appid in enumerate(apps):
            await search.index(appid, [a_record("same", app=appid), a_record(f"own{n}")], [], n + 1)
        for n, appid in enumerate(apps):
            assert await found(search, "*", appid=appid, sort="id") == f"same own{n}"
            assert await count_of(search, Exact("properties.app", appid), appid=appid) == 1
            assert await search.position(appid) == n + 1
        await search.index("app", [], ["same"], 9)
        await search.drop("app2")
        assert await count_of(search, "*", appid="app") == 1
        assert await count_of(search, "*", appid="app2") == 0
        assert await search.position("app2") is None
        assert [await count_of(search, "*", appid=appid) for appid in apps[2:]] == [2] * 6

    async def test_a_dropped_index_can_be_made_again(self, search: Search) -> None:
        await fill(search, [a_record("old")])
        await search.drop(APP)
        assert await search.position(APP) is None
        await fill(search, [a_record("new")])
        assert await found(search, "*") == "new"

    async def test_many_apps(self, search: Search) -> None:
        apps = [f"tenant{n}" for n in range(60)]
        for n, appid in enumerate(apps):
            await search.index(appid, [a_record("k", n=n)], [], 1)
        for n, appid in enumerate(apps):
            assert await found(search, f"properties.n:{n}", appid=appid) == "k"

    # ---- at the same time -----------------------------------------------------------------------

    async def test_searches_and_writes_at_the_same_time(self, search: Search) -> None:
        await fill(search, [a_record(f"k{n}", v=0) for n in range(20)])

        async def write() -> None:
            for step in range(1, 21):
                records = [a_record(f"k{n}", v=step) for n in range(20)]
                await search.index(APP, records, [], step)

        async def read() -> set[int]:
            return {await count_of(search, "*") for _ in range(30)}

        _, *totals = await asyncio.gather(write(), *(read() for _ in range(4)))
        assert set().union(*(total for total in totals if total is not None)) == {20}
        assert await count_of(search, "properties.v:20") == 20

    async def test_apps_are_written_at_the_same_time(self, search: Search) -> None:
        async def use(appid: str) -> None:
            for n in range(5):
                await search.index(appid, [a_record(f"k{n}")], [], n + 1)
                assert await count_of(search, "*", appid=appid) == n + 1

        await asyncio.gather(*(use(f"app{n}") for n in range(8)))
