"""A cache may outlive the database it was in front of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from para_core.memory.cache import MemoryCache
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_server.config import ApiSettings
from para_server.para import Backends, Para

from .backends import a_cache
from .client import Client


@asynccontextmanager
async def a_server(cache: MemoryCache) -> AsyncIterator[tuple[Para, Client]]:
    """Give a server on a new database, and its root app."""
    made = Backends(MemoryDAO(), MemorySearch(), cache)
    async with Para(ApiSettings(cache_enabled=True), made) as para:
        app = await para.services.apps.find("para")
        assert app is not None
        yield para, Client(para, "app:para", app.secret or "")


@pytest.fixture
def cache() -> MemoryCache:
    return a_cache()


async def test_a_new_database_beside_an_old_cache_is_empty(cache: MemoryCache) -> None:
    async with a_server(cache) as (para, root):
        made = await root.get("/v1/_setup/myapp")
        app = Client(para, "app:myapp", made.json["secretKey"])
        for client in (root, app):
            for _ in range(3):  # later changes than the new database will have
                await client.post("/v1/cats", {"id": "cat1", "name": "old"})
            assert (await client.get("/v1/cats/cat1")).json["name"] == "old"
        old_secret = root.secret
    async with a_server(cache) as (para, root):
        assert root.secret != old_secret
        assert await para.services.store.dao.read("para", "app:para") is not None
        assert (await root.get("/v1/cats/cat1")).status == 404
        made = await root.get("/v1/_setup/myapp")
        app = Client(para, "app:myapp", made.json["secretKey"])
        assert (await app.get("/v1/cats/cat1")).status == 404
        await app.post("/v1/cats", {"id": "cat1", "name": "new"})
        assert (await app.get("/v1/cats/cat1")).json["name"] == "new"
