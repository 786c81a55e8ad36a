"""Walks over all records of an app."""

from __future__ import annotations

import asyncio

import pytest

from para_core.contracts.dao import DAO, Record
from para_core.testing.dao.samples import a_record

__all__ = ["PageTests"]


async def _walk(dao: DAO, limit: int, kind: str | None = None) -> list[list[Record]]:
    pages: list[list[Record]] = []
    after = ""
    while page := await dao.read_page("app", after=after, limit=limit, kind=kind):
        pages.append(page)
        after = page[-1].id
    return pages


class PageTests:
    """Pages in the order of ids."""

    async def test_an_app_without_records_has_no_pages(self, dao: DAO) -> None:
        assert await dao.read_page("unknown") == []
        await dao.create_table("app")
        assert await dao.read_page("app") == []

    async def test_pages_end_with_an_empty_one(self, dao: DAO) -> None:
        await dao.create_all("app", [a_record(f"id_{number}") for number in range(22)])
        pages = await _walk(dao, 10)
        assert [len(page) for page in pages] == [10, 10, 2]
        assert {record.id for page in pages for record in page} == {
            f"id_{number}" for number in range(22)
        }

    async def test_records_come_in_the_order_of_code_points(self, dao: DAO) -> None:
        keys = [
            "a",
            "B",
            "b",
            "á",
            "Z",
            "z",
            "1",
            "10",
            "2",
            "~",
            "\x00",
            " ",
            "對",
            "\uffff",
            "🐈",
            "a\x00",
        ]
        await dao.create_all("app", [a_record(key) for key in keys])
        pages = await _walk(dao, 3)
        assert [record.id for page in pages for record in page] == sorted(keys)

    async def test_a_walk_meets_long_ids_with_one_beginning_once(self, dao: DAO) -> None:
        keys = [f"{'long' * 300}{end}" for end in ("", *"edcba", "ž" * 200)]
        await dao.create_all("app", [a_record(key) for key in ["a", *keys, "z"]])
        met = [record.id for page in await _walk(dao, 2) for record in page]
        assert sorted(met) == ["a", *sorted(keys), "z"]
        assert (met[0], met[-1]) == ("a", "z")

    @pytest.mark.parametrize("after", ["b", "bb", "b%", "\x00", "c' OR '1'='1"])
    async def test_a_page_begins_behind_any_text(self, dao: DAO, after: str) -> None:
        keys = ["a", "b", "c", "d"]
        await dao.create_all("app", [a_record(key) for key in keys])
        found = [record.id for record in await dao.read_page("app", after=after)]
        assert found == [key for key in keys if key > after]

    async def test_only_records_of_the_wanted_type_come(self, dao: DAO) -> None:
        kinds = ["cat", "dog", "Cat", "cats"]
        await dao.create_all("app", [a_record(f"{n:02}", kind=kinds[n % 4]) for n in range(40)])
        pages = await _walk(dao, 3, "cat")
        assert [len(page) for page in pages] == [3, 3, 3, 1]
        found = [record for page in pages for record in page]
        assert {record.type for record in found} == {"cat"}
        assert [record.id for record in found] == [f"{n:02}" for n in range(0, 40, 4)]

    async def test_a_walk_meets_what_stays_exactly_once(self, dao: DAO) -> None:
        stay = [f"m{number:03}" for number in range(120)]
        await dao.create_all("app", [a_record(key) for key in stay])
        done = asyncio.Event()

        async def disturb() -> None:
            step = 0
            while not done.is_set():
                step += 1
                await dao.create("app", a_record(f"{'amz'[step % 3]}{step % 50:02}x"))
                await dao.create("app", a_record(stay[step % 120], text=str(step)))
                await dao.delete("app", f"{'amz'[step % 3]}{(step + 25) % 50:02}x")
                await asyncio.sleep(0)

        disturber = asyncio.create_task(disturb())
        try:
            for limit in (1, 7, 50):
                met = [record.id for page in await _walk(dao, limit) for record in page]
                assert met == sorted(set(met))
                assert [key for key in met if not key.endswith("x")] == stay
        finally:
            done.set()
            await disturber
