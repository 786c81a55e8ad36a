from __future__ import annotations

from para_core.memory.dao import MemoryDAO
from para_server.nodes.retention import NodeRetention
from para_server.services.index_follower import IndexFollower

from .fakes import Clock, a_database, a_record

FEED_SEC = 100.0


async def numbers(dao: MemoryDAO) -> list[int]:
    return [change.number for change in await dao.changes("app", 0)]


async def test_changes_are_kept_for_a_while_marked_and_then_forgotten() -> None:
    clock = Clock()
    async with a_database() as dao:
        retention = NodeRetention(dao, ["webhooks"], feed_sec=FEED_SEC, clock=clock)
        one = await dao.create("app", a_record("a"))
        await retention.passed("webhooks", "app", one)
        await retention.forget_old("app", one)
        clock.now += FEED_SEC - 1
        two = await dao.create("app", a_record("b"))
        await retention.forget_old("app", two)
        assert await retention.missing("app") == 0
        clock.now += FEED_SEC / 5
        await retention.forget_old("app", two)
        assert await retention.missing("app") == one
        assert await numbers(dao) == [one, two]  # whoever has just read no mark reads the feed
        clock.now += FEED_SEC / 5
        await retention.forget_old("app", two)
        assert await numbers(dao) == [two]


async def test_nothing_is_forgotten_that_those_who_follow_for_all_have_not_passed() -> None:
    clock = Clock()
    async with a_database() as dao:
        retention = NodeRetention(dao, ["webhooks"], feed_sec=FEED_SEC, clock=clock)
        made = [await dao.create("app", a_record(f"a{n}")) for n in range(3)]
        await retention.passed("webhooks", "app", made[1])
        for _ in range(30):
            await retention.forget_old("app", made[-1])
            clock.now += FEED_SEC / 5
        assert await numbers(dao) == made[2:]
        assert await retention.missing("app") == made[1]
        retention.drop("app")
        await retention.forget_old("app", made[-1])
        assert await numbers(dao) == made[2:]


async def test_an_index_that_was_away_for_too_long_is_made_anew() -> None:
    from para_core.memory.search import MemorySearch
    from para_core.query.tree import All

    clock = Clock()
    async with a_database() as dao, MemorySearch() as search:
        kept = NodeRetention(dao, [], feed_sec=FEED_SEC, clock=clock)
        first = await dao.create("app", a_record("a"))
        await search.index("app", [a_record("a", change=first)], [], first)
        await dao.delete("app", "a")
        last = await dao.create("app", a_record("b"))
        for _ in range(20):
            await kept.forget_old("app", last)
            clock.now += FEED_SEC / 5
        assert await numbers(dao) == []
        follower = IndexFollower(dao, search, retention=kept)
        async with follower:
            assert await follower.caught_up("app", 30)
        assert (await search.find("app", All())).keys == ["b"]
