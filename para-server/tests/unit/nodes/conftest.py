"""Two nodes that search in one engine, of which one writes all indexes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from para_core.memory.dao import MemoryDAO

from .fakes import Clock
from .members import ONE, TWO, Engine, Member, Setting


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    async with MemoryDAO() as dao, Engine() as engine:
        yield Setting(dao, engine, Clock())


@pytest.fixture
async def writer(setting: Setting) -> AsyncIterator[Member]:
    """Give the node that has all shares."""
    async with setting.a_node(ONE) as member:
        await member.take_all()
        yield member


@pytest.fixture
async def reader(setting: Setting, writer: Member) -> AsyncIterator[Member]:
    """Give a node that has none."""
    async with setting.a_node(TWO) as member:
        yield member
