"""The DAO in memory passes the suite."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from para_core.memory.dao import MemoryDAO
from para_core.testing.dao import DAOSuite


class TestMemoryDAO(DAOSuite):
    keeps_after_close = False

    @pytest.fixture
    async def dao(self) -> AsyncIterator[MemoryDAO]:
        async with MemoryDAO() as dao:
            yield dao
