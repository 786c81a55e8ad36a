"""The DAO in memory passes the suite."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from para_core.errors import ConfigError
from para_core.memory.dao import MemoryDAO
from para_core.testing.dao import DAOSuite


class TestMemoryDAO(DAOSuite):
    keeps_after_close = False

    @pytest.fixture
    async def dao(self) -> AsyncIterator[MemoryDAO]:
        async with MemoryDAO() as dao:
            yield dao


class OfManyMachines(MemoryDAO):
    """Says that it is used by servers on several machines."""

    is_shared = True


def test_several_processes_may_use_what_several_machines_may() -> None:
    OfManyMachines().share("nodes")
    with pytest.raises(ConfigError, match=r"MemoryDAO lives in one process.*para\.workers"):
        MemoryDAO().share("workers")
