"""A server on a copy begins anew with what is made from the database."""

from __future__ import annotations

import pytest

from para_core.contracts.dao import Record
from para_core.errors import ConfigError
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_core.objects import Sysprop
from para_core.objects.codec import record_of
from para_server.config import ApiSettings
from para_server.copies.marker import AppMark, Mark, Marker
from para_server.para import Backends, Para

from .samples import a_cache

OF_BEFORE = Record("old", "film", b'{"id":"old","type":"film"}', 900)


class Staying(MemoryDAO):
    """Keeps what it holds when it is closed, as databases do."""

    async def close(self) -> None:
        self._open = False


async def test_indexes_and_caches_of_before_are_dropped() -> None:
    dao, search, cache = Staying(), MemorySearch(), a_cache()
    await dao.open()
    await dao.create("cinema", record_of(Sysprop(id="new", type="film")))
    await Marker(dao).put(Mark("restore x", "x", is_finished=True))
    await Marker(dao).put_app("cinema", AppMark(parts=1))
    await search.open()
    await search.index("cinema", [OF_BEFORE], [], 900)
    await cache.open()
    await cache.put("cinema", OF_BEFORE)
    para = Para(ApiSettings(cache_enabled=True), Backends(dao, search, cache))
    async with para:
        assert await para.services.index.caught_up("cinema", 5)
        assert await para.services.store.read("cinema", "old") is None
        assert await search.position("cinema") == await dao.last_change("cinema")
        assert await Marker(dao).find() is None
        assert sorted(await dao.apps()) == ["cinema", "para"]


async def test_a_server_does_not_start_on_a_half_copy() -> None:
    dao = Staying()
    await dao.open()
    await Marker(dao).put(Mark("restore /var/x.backup", "x"))
    para = Para(ApiSettings(), Backends(dao, MemorySearch(), a_cache()))
    with pytest.raises(ConfigError, match=r"run `para-server restore /var/x\.backup` again"):
        await para.open()
    await dao.open()
    assert await Marker(dao).find() is not None


async def test_marks_of_apps() -> None:
    async with MemoryDAO() as dao:
        marker = Marker(dao)
        await marker.put(Mark("move", "x"))
        assert await marker.app("a") is None
        await marker.put_app("a", AppMark(position=7))
        await marker.put_app("b:c", AppMark(parts=2))
        assert await marker.apps() == ["a", "b:c"]
        assert await marker.app("a") == AppMark(position=7)
        await marker.remove_app("a")
        assert await marker.apps() == ["b:c"]
        await marker.remove()
        assert (await marker.find(), await marker.apps()) == (None, [])
