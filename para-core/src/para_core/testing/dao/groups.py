"""Several processes on one store, each with an instance of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from para_core.contracts.dao import DAO
from para_core.errors import ConfigError
from para_core.testing.dao.samples import a_record

__all__ = ["GroupSuite"]


class GroupSuite:
    """What a DAO promises that several processes may open; see ``DAO.share``.

    Provide the fixture ``instance``: it makes a DAO that is not opened, each time on the same
    store, which is empty at first.
    """

    async def test_the_processes_of_a_group_see_what_any_of_them_wrote(
        self, instance: Callable[[], DAO]
    ) -> None:
        async with of_group(instance, "one") as one, of_group(instance, "one") as two:
            first = await one.create("app", a_record("cat1"))
            second = await two.create("app", a_record("cat2"))
            assert first < second
            for dao in (one, two):
                assert [record.id for record in await dao.read_page("app")] == ["cat1", "cat2"]
                assert [change.number for change in await dao.changes("app", 0)] == [first, second]

    async def test_another_group_is_kept_out_until_all_of_the_first_have_ended(
        self, instance: Callable[[], DAO]
    ) -> None:
        async with of_group(instance, "one") as first, of_group(instance, "one") as second:
            await first.close()
            with pytest.raises(ConfigError) as caught:
                await of_group(instance, "two").open()
            assert "\n" not in str(caught.value)
            assert await second.create("app", a_record("cat1")) > 0
        async with of_group(instance, "two") as dao:
            assert await dao.read("app", "cat1") is not None

    async def test_who_was_kept_out_may_come_in_later(self, instance: Callable[[], DAO]) -> None:
        late = of_group(instance, "two")
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(of_group(instance, "one"))
            with pytest.raises(ConfigError):
                await late.open()
        async with late:
            assert await late.create("app", a_record("cat1")) > 0


def of_group(instance: Callable[[], DAO], group: str) -> DAO:
    """Make the DAO of one process of a group."""
    dao = instance()
    dao.share(group)
    return dao
