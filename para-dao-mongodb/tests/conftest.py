"""What tests of the driver share."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator

import pytest

from .secantusd import Secantusd


@pytest.fixture
def collected() -> Iterator[None]:
    """Let what the driver left behind be collected here, and not in another test."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
async def standalone(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secantusd]:
    """Start a server that is no replica set, and fails on command; nobody kills it."""
    folder = tmp_path_factory.mktemp("standalone")
    async with Secantusd(folder, "--standalone", "--enable-test-commands") as server:
        yield server
