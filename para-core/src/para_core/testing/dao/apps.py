"""Apps: out of each other's reach."""

from __future__ import annotations

import asyncio

import pytest

from para_core.contracts.dao import DAO, Change
from para_core.testing.dao.samples import a_record, value_of

__all__ = ["AppTests"]

_LONG = "a-very-long-name-of-an-app-that-goes-on-and-on-and-on-for-more-than-63-bytes"

SIMILAR = [
    pytest.param(names, id=f"{names[0][:12]!r} {names[1][:12]!r}")
    for names in [
        ("x", "para-x"),
        ("a-b", "a_b"),
        ("app", "App"),
        ("a", "a "),
        ("a", "á"),
        (f"{_LONG}1", f"{_LONG}2"),
        ("1", "01"),
        ("app'", 'app"'),
        ("shared", "objects_shared"),
        ("", " "),
        ("猫", "犬"),
        ("a\x00", "a"),
        ("para_apps", "para-apps"),
        ("a; DROP TABLE para_apps", "a"),
    ]
]


class AppTests:
    """Isolation, tables, and what becomes of them."""

    @pytest.mark.parametrize("shared", [False, True], ids=["own tables", "shared table"])
    @pytest.mark.parametrize("names", SIMILAR)
    async def test_apps_with_similar_names_are_out_of_reach_of_each_other(
        self, dao: DAO, names: tuple[str, str], *, shared: bool
    ) -> None:
        one, two = names
        await dao.create_table(one, shared=shared)
        await dao.create_table(two, shared=shared)
        number = await dao.create(one, a_record("cat1", text="one"))
        assert await dao.read(two, "cat1") is None
        other = await dao.update(two, a_record("cat1", text="two"), expect=0)
        assert value_of(await dao.read(one, "cat1")) == value_of(a_record("cat1", text="one"))
        assert await dao.changes(one, 0) == [Change(number, "create", ["cat1"])]
        await dao.delete_table(one)
        assert [r.change for r in await dao.read_page(two)] == [other]
        assert await dao.last_change(two) == other
        assert await dao.apps() == [two]

    async def test_shared_and_own_tables_hold_the_same_id_apart(self, dao: DAO) -> None:
        for appid in ("s1", "s2", "own"):
            await dao.create_table(appid, shared=appid != "own")
            await dao.create_all(appid, [a_record(f"id{n}", text=appid) for n in range(5)])
        await dao.delete("s1", "id0")
        await dao.delete_all("own", ["id1", "id2"])
        assert [r.id for r in await dao.read_page("s1")] == ["id1", "id2", "id3", "id4"]
        assert [r.id for r in await dao.read_page("s2", after="id2", limit=1)] == ["id3"]
        assert list(await dao.read_all("own", ["id1", "id0"])) == ["id0"]
        await dao.delete_table("s1")
        assert await dao.read_page("s1") == []
        assert len(await dao.read_page("s2", kind="cat")) == 5

    async def test_a_table_made_again_changes_nothing(self, dao: DAO) -> None:
        await dao.create_table("app")
        number = await dao.create("app", a_record("cat1"))
        await dao.create_table("app")
        await dao.create_table("app", shared=True)
        assert [record.change for record in await dao.read_page("app")] == [number]
        assert await dao.last_change("app") == number
        assert await dao.apps() == ["app"]

    async def test_apps_are_those_with_a_table_or_records(self, dao: DAO) -> None:
        assert await dao.apps() == []
        await dao.create_table("made")
        await dao.create_table("shared", shared=True)
        await dao.create("written", a_record("cat1"))
        await dao.read("only read", "cat1")
        await dao.forget_changes("only forgotten", 5)
        assert sorted(await dao.apps()) == ["made", "shared", "written"]

    async def test_a_room_is_like_an_app_and_is_no_app(self, dao: DAO) -> None:
        await dao.create("app", a_record("cat1", text="of the app"))
        one = await dao.create("_room", a_record("cat1", text="of the room"))
        two = await dao.update("_room", a_record("cat1", text="changed"), expect=one)
        assert value_of(await dao.read("app", "cat1")) == value_of(
            a_record("cat1", text="of the app")
        )
        assert [change.number for change in await dao.changes("_room", one)] == [two]
        assert len(await dao.changes("app", 0)) == 1
        assert await dao.apps() == ["app"]
        async with dao.snapshot() as seen:
            assert [table.appid for table in await seen.tables()] == ["app"]
        await dao.delete_table("_room")
        assert await dao.read_page("_room") == []

    @pytest.mark.parametrize("shared", [False, True], ids=["own table", "shared table"])
    async def test_a_removed_app_leaves_nothing_and_starts_again(
        self, dao: DAO, *, shared: bool
    ) -> None:
        await dao.create_table("app", shared=shared)
        await dao.create_all("app", [a_record("cat1"), a_record("cat2")])
        last = await dao.create("app", a_record("cat1"))
        await dao.delete_table("app")
        assert await dao.read("app", "cat1") is None
        assert await dao.read_all("app", ["cat1", "cat2"]) == {}
        assert await dao.read_page("app") == []
        assert await dao.changes("app", 0) == []
        assert await dao.last_change("app") == 0
        assert await dao.apps() == []
        number = await dao.update("app", a_record("cat1"), expect=0)
        assert number > last
        assert [record.id for record in await dao.read_page("app")] == ["cat1"]
        assert await dao.changes("app", 0) == [Change(number, "update", ["cat1"])]

    async def test_an_app_that_is_not_there_can_be_removed(self, dao: DAO) -> None:
        await dao.delete_table("app")
        assert await dao.apps() == []

    async def test_an_app_can_be_removed_while_it_is_in_use(self, dao: DAO) -> None:
        async def use(number: int) -> None:
            for step in range(10):
                await dao.create("app", a_record(f"{number}-{step}"))
                await dao.read_page("app")
                await dao.read("app", f"{number}-{step}")
                await dao.changes("app", 0)

        async def remove() -> None:
            for _ in range(10):
                await dao.delete_table("app")
                await asyncio.sleep(0)

        await asyncio.gather(*(use(number) for number in range(4)), remove())
        await dao.delete_table("app")
        assert await dao.read_page("app") == []
        number = await dao.create("app", a_record("cat1"))
        assert await dao.changes("app", 0) == [Change(number, "create", ["cat1"])]

    async def test_many_apps_can_begin_at_once(self, dao: DAO) -> None:
        names = [f"app-{number}" for number in range(30)]
        await asyncio.gather(*(dao.create(name, a_record("a")) for name in names * 2))
        assert sorted(await dao.apps()) == sorted(names)
        for name in names:
            assert len(await dao.changes(name, 0)) == 2
