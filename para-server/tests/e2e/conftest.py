"""A whole app on memory implementations, and clients of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_server.config import ApiSettings
from para_server.para import Backends, Para

from .client import ROOT_SECRET, Client


@pytest.fixture
def settings() -> ApiSettings:
    """Override it in a module that needs other settings."""
    return ApiSettings(root_secret_override=ROOT_SECRET, cache_enabled=True)


@pytest.fixture
async def para(settings: ApiSettings) -> AsyncIterator[Para]:
    cache = MemoryCache(CaffeineSettings(), clock=time.monotonic)
    async with Para(settings, Backends(MemoryDAO(), MemorySearch(), cache)) as para:
        yield para


@pytest.fixture
def root(para: Para) -> Client:
    return Client(para, "app:para", ROOT_SECRET)


@pytest.fixture
def nobody(para: Para) -> Client:
    return Client(para)


@pytest.fixture
async def app(para: Para, root: Client) -> Client:
    made = await root.get("/v1/_setup/myapp")
    return Client(para, "app:myapp", made.json["secretKey"])
