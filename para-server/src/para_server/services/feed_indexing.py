"""Indexing from the feed alone: nothing that is written has to be kept for the index."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence

from para_core.contracts.dao import Record
from para_server.services.index_follower import DOUBT_SEC
from para_server.services.indexing import Indexing

__all__ = ["FeedIndexing"]


class FeedIndexing(Indexing):
    """What the indexes have in common that only have to be told to look at the feed."""

    async def begin(self, appid: str) -> int:
        """Nothing waits here: what the index lacks is in the feed, not in memory."""
        del appid
        return 0

    def end(
        self, appid: str, token: int, number: int, puts: Sequence[Record], gone: Sequence[str]
    ) -> None:
        """Look at the feed, which has something new if there is a number."""
        del token, puts, gone
        if number:
            self._wrote(appid, number)

    def doubt(self, appid: str, token: int) -> None:
        """Look now, and again when the write must have been stored, if ever."""
        del token
        self._look(appid)
        asyncio.get_running_loop().call_later(DOUBT_SEC, self._look, appid)

    def lost(self, appid: str) -> None:
        """Look, which makes an index again that is gone."""
        self._look(appid)

    def _wrote(self, appid: str, number: int) -> None:
        del number
        self._look(appid)

    @abstractmethod
    def _look(self, appid: str) -> None:
        """Let the feed of an app be looked at soon."""
