"""Several imports at once: each holds a part of its archive in memory, so not all go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from para_core.contracts.dao import Write
from para_core.memory.dao import MemoryDAO

from .vault import Vault, film

MOST = 4


class Watched(MemoryDAO):
    """Notes for which apps films are stored at one time."""

    def __init__(self, together: int) -> None:
        super().__init__()
        self._together, self._inside = together, list[str]()
        self._are_together = asyncio.Event()
        self.seen = list[Sequence[str]]()

    async def write(self, appid: str, write: Write) -> int:
        if {put.record.type for put in write.puts} != {"film"}:
            return await super().write(appid, write)
        self._inside.append(appid)
        self.seen.append(sorted(self._inside))
        if len(self._inside) >= self._together:
            self._are_together.set()
        await self._are_together.wait()
        await asyncio.sleep(0.01)
        self._inside.remove(appid)
        return await super().write(appid, write)


@pytest.fixture
async def dao(together: int) -> AsyncIterator[Watched]:
    async with Watched(together) as dao:
        yield dao


@pytest.mark.parametrize("together", [MOST])
async def test_a_few_apps_import_at_a_time_and_the_others_after_them(dao: Watched) -> None:
    vault = Vault(dao)
    names = [f"app{n}" for n in range(2 * MOST)]
    for name in names:
        await vault.app(name)
    async with asyncio.timeout(60):
        made = await asyncio.gather(*(vault.load([film(1), film(2)], into=name) for name in names))
    assert [record.properties["count"] for record in made] == [2] * len(names)
    assert max(map(len, dao.seen)) == MOST


@pytest.mark.parametrize("together", [1])
async def test_an_app_imports_one_archive_after_the_other(dao: Watched) -> None:
    vault = Vault(dao)
    await vault.app("cinema")
    await asyncio.gather(*(vault.load([film(n)]) for n in range(6)))
    assert dao.seen == [["cinema"]] * 6
    assert len(await dao.read_page("cinema", kind="film")) == 6
