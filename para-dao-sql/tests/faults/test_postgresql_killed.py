"""PostgreSQL itself is killed, or has no room: no answered write is lost, none is stored twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from para_core.testing.small_disks import a_small_disk

from .killed import KilledServer
from .own_postgresql import OwnPostgreSQL, a_folder

pytestmark = [pytest.mark.service("postgresql"), pytest.mark.long]


@pytest.fixture
def place() -> Iterator[Path]:
    with a_folder() as folder:
        yield folder


class TestKilledPostgreSQL(KilledServer):
    @pytest.fixture
    async def server(self, place: Path) -> AsyncIterator[OwnPostgreSQL]:
        server = OwnPostgreSQL(place)
        server.install()
        async with server:
            yield server

    @pytest.fixture
    async def small(self, place: Path) -> AsyncIterator[OwnPostgreSQL]:
        with a_small_disk(place / "tables", 16) as disk:
            server = OwnPostgreSQL(place, disk)
            server.install()
            async with server:
                yield server
