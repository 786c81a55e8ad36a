"""The change feed: what it tells has happened, and what happened is told."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from para_core.contracts.dao import DAO, Change, Put, Write
from para_core.errors import ConflictError
from para_core.testing.dao.samples import a_record

__all__ = ["FeedTests"]


class FeedTests:
    """Entries, their order, and how they are forgotten."""

    async def test_each_write_adds_one_entry(self, dao: DAO) -> None:
        one = await dao.create("app", a_record("a"))
        two = await dao.create_all("app", [a_record("c"), a_record("b")])
        three = await dao.update("app", a_record("a"), expect=one)
        four = await dao.delete("app", "absent")
        five = await dao.write("app", Write("updateAll", [Put(a_record("a"))], ["b", "c"]))
        assert await dao.changes("app", 0) == [
            Change(one, "create", ["a"]),
            Change(two, "createAll", ["c", "b"]),
            Change(three, "update", ["a"]),
            Change(four, "delete", ["absent"]),
            Change(five, "updateAll", ["a", "b", "c"]),
        ]

    @pytest.mark.parametrize(
        "note",
        [b'{"at":12,"text":"\\u0000 \xc4\x8daj"}', b"[1,[],{}]", b'"text"', b"0", b"null"],
        ids=["object", "array", "text", "number", "null"],
    )
    async def test_a_note_comes_back_with_its_entry(self, dao: DAO, note: bytes) -> None:
        one = await dao.write("app", Write("create", [Put(a_record("a"))], ["b"], note))
        two = await dao.create("app", a_record("a"))
        noted, bare = await dao.changes("app", 0)
        assert (noted.number, noted.event, noted.keys) == (one, "create", ["a", "b"])
        assert msgspec.json.decode(noted.note) == msgspec.json.decode(note)
        assert bare == Change(two, "create", ["a"])
        async with dao.snapshot() as seen:
            assert await seen.changes("app", 0) == [noted, bare]

    async def test_the_feed_can_be_read_from_anywhere_in_parts(self, dao: DAO) -> None:
        numbers = [await dao.create("app", a_record(f"id{n}")) for n in range(12)]
        found = [change.number for change in await dao.changes("app", numbers[3], limit=5)]
        assert found == numbers[4:9]
        assert [c.number for c in await dao.changes("app", numbers[8] - 1)] == numbers[8:]
        assert await dao.changes("app", numbers[-1]) == []
        assert await dao.changes("app", 2**62) == []

    async def test_the_heads_of_all_feeds_are_told_at_once(self, dao: DAO) -> None:
        await dao.create_table("empty")
        await dao.create("_room", a_record("r"))
        await dao.create("other", a_record("b"))
        for n in range(3):
            await dao.create("app", a_record(f"a{n}"))
        heads = await dao.heads()
        assert heads == {appid: await dao.last_change(appid) for appid in ("empty", "other", "app")}
        assert heads["empty"] == 0
        number = await dao.delete("app", "a0")
        await dao.delete_table("other")
        assert await dao.heads() == {"empty": 0, "app": number}

    async def test_a_write_that_failed_is_not_told(self, dao: DAO) -> None:
        number = await dao.create("app", a_record("a"))
        with pytest.raises(ConflictError):
            await dao.update("app", a_record("a"), expect=number + 1)
        assert [change.number for change in await dao.changes("app", 0)] == [number]
        assert await dao.last_change("app") == number

    async def test_an_app_without_writes_has_an_empty_feed(self, dao: DAO) -> None:
        await dao.create_table("app")
        for appid in ("app", "unknown"):
            assert await dao.changes(appid, 0) == []
            assert await dao.last_change(appid) == 0
            await dao.forget_changes(appid, 100)

    async def test_a_long_list_of_ids_is_told_whole(self, dao: DAO) -> None:
        keys = [f"key with some text {number}" for number in range(3000)]
        await dao.create_all("app", [a_record(key) for key in keys])
        (change,) = await dao.changes("app", 0)
        assert change.keys == keys

    async def test_forgotten_entries_are_gone_and_later_ones_stay(self, dao: DAO) -> None:
        numbers = [await dao.create("app", a_record("a")) for _ in range(6)]
        await dao.forget_changes("app", numbers[2])
        assert [change.number for change in await dao.changes("app", 0)] == numbers[3:]
        assert await dao.last_change("app") == numbers[-1]
        assert await dao.read("app", "a") is not None

    async def test_the_last_change_outlives_the_feed(self, dao: DAO) -> None:
        number = await dao.create("app", a_record("a"))
        await dao.forget_changes("app", number + 1000)
        assert await dao.changes("app", 0) == []
        assert await dao.last_change("app") == number
        assert await dao.create("app", a_record("a")) > number

    async def test_feeds_of_apps_are_separate(self, dao: DAO) -> None:
        one = await dao.create("one", a_record("a"))
        two = await dao.create("two", a_record("b"))
        await dao.forget_changes("one", max(one, two))
        assert await dao.changes("two", 0) == [Change(two, "create", ["b"])]
        assert await dao.last_change("two") == two

    async def test_a_follower_that_moves_on_misses_nothing(self, dao: DAO) -> None:
        written: list[int] = []

        async def write_some(writer: int) -> None:
            for step in range(25):
                number = await dao.create("app", a_record(f"{writer}-{step}"))
                written.append(number)

        async def follow(until: asyncio.Future[list[None]]) -> list[int]:
            seen: list[int] = []
            finished = False
            while True:
                finished, last = until.done(), seen[-1] if seen else 0
                part = await dao.changes("app", last, limit=7)
                seen += [change.number for change in part]
                if finished and not part:
                    return seen
                await asyncio.sleep(0)

        writers = asyncio.gather(*(write_some(writer) for writer in range(8)))
        seen = await follow(writers)
        assert seen == sorted(written)
