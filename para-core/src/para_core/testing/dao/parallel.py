"""Many callers at the same time."""

from __future__ import annotations

import asyncio

from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.errors import ConflictError
from para_core.testing.dao.samples import a_record, value_of

__all__ = ["ParallelTests"]


class ParallelTests:
    """What callers do to each other."""

    async def test_parallel_creates_are_all_stored(self, dao: DAO) -> None:
        numbers = await asyncio.gather(
            *(dao.create(f"app{n % 3}", a_record(f"id{n}")) for n in range(150))
        )
        for app in range(3):
            stored = {r.id: r.change for r in await dao.read_page(f"app{app}", limit=1000)}
            assert stored == {f"id{n}": numbers[n] for n in range(app, 150, 3)}
            told = {c.number: c.keys for c in await dao.changes(f"app{app}", 0)}
            assert told == {numbers[n]: [f"id{n}"] for n in range(app, 150, 3)}

    async def test_of_many_that_expect_the_same_one_wins(self, dao: DAO) -> None:
        number = await dao.create("app", a_record("cat1"))
        answers = await asyncio.gather(
            *(dao.update("app", a_record("cat1", text=str(n)), expect=number) for n in range(20)),
            return_exceptions=True,
        )
        won = [(n, answer) for n, answer in enumerate(answers) if isinstance(answer, int)]
        assert len(won) == 1
        assert sum(isinstance(answer, ConflictError) for answer in answers) == 19
        found = await dao.read("app", "cat1")
        assert found is not None
        assert found.change == won[0][1]
        assert value_of(found) == value_of(a_record("cat1", text=str(won[0][0])))

    async def test_read_change_write_loses_no_step(self, dao: DAO) -> None:
        await dao.create("app", Record("sum", "count", b"0"))

        async def add_five() -> None:
            left = 5
            while left:
                found = await dao.read("app", "sum")
                assert found is not None
                more = Record("sum", "count", str(int(found.data) + 1).encode())
                try:
                    await dao.update("app", more, expect=found.change)
                except ConflictError:
                    continue
                left -= 1

        await asyncio.gather(*(add_five() for _ in range(6)))
        assert value_of(await dao.read("app", "sum")) == 30

    async def test_a_conflict_fails_alone(self, dao: DAO) -> None:
        await dao.create("app", a_record("cat1"))
        answers = await asyncio.gather(
            *(
                dao.update("app", a_record("cat1" if n % 4 == 0 else f"id{n}"), expect=0)
                for n in range(40)
            ),
            return_exceptions=True,
        )
        failed = [n for n, answer in enumerate(answers) if isinstance(answer, ConflictError)]
        assert failed == list(range(0, 40, 4))
        assert sum(isinstance(answer, int) for answer in answers) == 30
        assert len(await dao.read_page("app")) == 31

    async def test_parallel_batches_do_not_mix(self, dao: DAO) -> None:
        keys = [f"id{n}" for n in range(40)]

        async def write_all(text: str) -> int:
            order = keys if int(text) % 2 else keys[::-1]
            return await dao.create_all("app", [a_record(key, text=text) for key in order])

        numbers = await asyncio.gather(*(write_all(str(n)) for n in range(8)))
        found = await dao.read_all("app", keys)
        last = max(numbers)
        assert {record.change for record in found.values()} == {last}
        text = str(numbers.index(last))
        assert all(value_of(r) == value_of(a_record(r.id, text=text)) for r in found.values())

    async def test_a_batch_is_never_read_by_halves(self, dao: DAO) -> None:
        keys = [f"id{n}" for n in range(20)]
        await dao.create_all("app", [a_record(key) for key in keys])
        done = asyncio.Event()

        async def rewrite() -> None:
            while not done.is_set():
                await dao.create_all("app", [a_record(key) for key in keys])

        writer = asyncio.create_task(rewrite())
        try:
            for _ in range(60):
                found = await dao.read_all("app", keys)
                assert len({record.change for record in found.values()}) == 1
                page = await dao.read_page("app")
                assert len({record.change for record in page}) == 1
        finally:
            done.set()
            await writer

    async def test_a_caller_that_gives_up_leaves_the_others_alone(self, dao: DAO) -> None:
        puts = [Put(a_record(f"a{n}")) for n in range(20)]
        given_up = [
            asyncio.create_task(dao.write("app", Write("createAll", puts))) for _ in range(10)
        ]
        others = [asyncio.create_task(dao.create("app", a_record(f"b{n}"))) for n in range(10)]
        await asyncio.sleep(0)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
        await asyncio.gather(*others)
        stored = {record.id for record in await dao.read_page("app")}
        assert stored >= {f"b{n}" for n in range(10)}
        assert len([key for key in stored if key.startswith("a")]) in (0, 20)
        assert await dao.last_change("app") == (await dao.changes("app", 0))[-1].number
