from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from para_core.memory.dao import MemoryDAO
from para_server.services.registries import Registries
from para_server.services.store import Store


@pytest.fixture
async def dao() -> AsyncIterator[MemoryDAO]:
    async with MemoryDAO() as dao:
        yield dao


def registries_on(dao: MemoryDAO) -> Registries:
    return Registries(Store(dao, cache=None, index=None), "para", clock=lambda: 1234)


async def test_values_are_put_and_removed(dao: MemoryDAO) -> None:
    registries = registries_on(dao)
    assert await registries.values("Tides") == {}
    await registries.put("Tides", "a", {"high": 3})
    await registries.put("Tides", "b", 1)
    await registries.put("Others", "a", 2)
    await registries.remove("Tides", "b")
    await registries.remove("Tides", "never")
    assert await registries.values("Tides") == {"a": {"high": 3}}


async def test_what_changes_nothing_is_not_written(dao: MemoryDAO) -> None:
    registries = registries_on(dao)
    await registries.remove("Tides", "never")
    await registries.put("Tides", "a", 1)
    last = await dao.last_change("para")
    await registries.put("Tides", "a", 1)
    assert await dao.last_change("para") == last


async def test_two_servers_lose_no_value(dao: MemoryDAO) -> None:
    one, other = registries_on(dao), registries_on(dao)
    await asyncio.gather(
        *(
            server.put("Tides", f"{n}{k}", n)
            for n in range(20)
            for k, server in (("a", one), ("b", other))
        )
    )
    assert len(await one.values("Tides")) == 40
