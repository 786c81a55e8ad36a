"""From open to close."""

from __future__ import annotations

import asyncio

import pytest

from para_core.contracts.dao import DAO, Change
from para_core.errors import UnavailableError
from para_core.testing.dao.samples import a_record

__all__ = ["LifeTests"]


class LifeTests:
    """Opening, closing, and what is there the next time."""

    keeps_after_close = True
    """Whether what was stored is there when it is opened again."""

    async def test_closing_twice_is_harmless(self, dao: DAO) -> None:
        number = await dao.create("app", a_record("cat1"))
        await dao.close()
        await dao.close()
        with pytest.raises(UnavailableError):
            await dao.read("app", "cat1")
        await dao.open()
        stored = [(record.id, record.change) for record in await dao.read_page("app")]
        assert stored == ([("cat1", number)] if self.keeps_after_close else [])

    async def test_opening_changes_nothing_in_a_store_that_was_opened(self, dao: DAO) -> None:
        assert await dao.what_opening_changes() == ""
        if self.keeps_after_close:
            await dao.create("app", a_record("cat1"))
            await dao.close()
            assert await dao.what_opening_changes() == ""

    async def test_a_closed_dao_says_so(self, dao: DAO) -> None:
        await dao.create("app", a_record("cat1"))
        await dao.close()
        with pytest.raises(UnavailableError):
            await dao.read("app", "cat1")
        with pytest.raises(UnavailableError):
            await dao.create("app", a_record("cat1"))
        with pytest.raises(UnavailableError):
            await dao.read_page("app")

    async def test_what_was_stored_is_there_the_next_time(self, dao: DAO) -> None:
        if not self.keeps_after_close:
            pytest.skip("forgets everything when it is closed")
        await dao.create_table("shared", shared=True)
        await dao.create("shared", a_record("cat1"))
        first = await dao.create("app", a_record("cat1"))
        last = await dao.create("app", a_record("cat2"))
        gone = await dao.create("gone", a_record("cat1"))
        await dao.forget_changes("app", last - 1)
        await dao.delete_table("gone")
        await dao.close()
        await dao.open()
        assert sorted(await dao.apps()) == ["app", "shared"]
        assert [r.change for r in await dao.read_page("app")] == [first, last]
        assert [r.id for r in await dao.read_page("shared")] == ["cat1"]
        assert await dao.changes("app", 0) == [Change(last, "create", ["cat2"])]
        assert await dao.last_change("app") == last
        assert await dao.create("gone", a_record("cat1")) > gone
        assert await dao.create("app", a_record("cat1")) > last

    async def test_writes_that_wait_are_finished_at_the_close(self, dao: DAO) -> None:
        writes = [asyncio.create_task(dao.create("app", a_record(f"id{n}"))) for n in range(30)]
        await asyncio.sleep(0)
        await dao.close()
        answers = await asyncio.gather(*writes, return_exceptions=True)
        stored = [n for n, answer in enumerate(answers) if isinstance(answer, int)]
        refused = [answer for answer in answers if isinstance(answer, UnavailableError)]
        assert len(stored) + len(refused) == 30
        if self.keeps_after_close:
            await dao.open()
            assert len(await dao.read_page("app")) >= len(stored)
