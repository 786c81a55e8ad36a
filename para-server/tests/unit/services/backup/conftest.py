"""A root app and a child app without objects."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from para_core.memory.dao import MemoryDAO

from .vault import Vault


@pytest.fixture
async def vault() -> AsyncIterator[Vault]:
    async with MemoryDAO() as dao:
        vault = Vault(dao)
        await vault.app("para")
        await vault.app("cinema")
        yield vault
