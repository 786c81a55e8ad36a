"""``LocalFileStore`` passes the suite of file stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.testing.filestore import FileStoreSuite
from para_server.files import LocalFileStore


class TestLocalFileStore(FileStoreSuite):
    @pytest.fixture
    async def files(self, tmp_path: Path) -> AsyncIterator[LocalFileStore]:
        async with LocalFileStore(tmp_path / "files", max_file_bytes=self.max_bytes) as files:
            yield files
