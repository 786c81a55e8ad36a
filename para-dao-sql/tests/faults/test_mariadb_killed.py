"""MariaDB itself is killed, or has no room: no answered write is lost, none is stored twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .killed import KilledServer
from .own_mariadb import OwnMariaDB

pytestmark = [pytest.mark.service("mariadb"), pytest.mark.long]


class TestKilledMariaDB(KilledServer):
    @pytest.fixture
    async def server(self, tmp_path: Path) -> AsyncIterator[OwnMariaDB]:
        server = OwnMariaDB(tmp_path)
        server.install()
        async with server:
            yield server

    @pytest.fixture
    async def small(self, tmp_path: Path) -> AsyncIterator[OwnMariaDB]:
        server = OwnMariaDB(tmp_path, has_little_room=True)
        server.install()
        async with server:
            yield server
