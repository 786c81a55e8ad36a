"""A server of a test's own, which it can kill and bring back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from para_core.testing.own_server import OwnServer

__all__ = ["Secantusd"]


class Secantusd(OwnServer):
    """SecantusDB on a folder and a port; its commits are on disk when they are answered."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Take ``options`` as on the command line of the server, for each start."""
        super().__init__(folder)
        self.options = options

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/"

    def command(self) -> Sequence[str]:
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(data)]
        more = ["--sync-on-commit", "--log-level", "WARNING", *self.options]
        return [os.environ["PARA_TEST_SECANTUSD_URL"], *where, *more]

    async def is_ready(self) -> bool:
        return await super().is_ready() and await self._answers()

    async def _answers(self) -> bool:
        async with AsyncMongoClient[dict[str, object]](self.uri, timeoutMS=1000) as client:
            try:
                await client.admin.command("hello")
            except PyMongoError:
                return False
        return True
