"""What other nodes have taken from the queue, for the node that looks after an app to tell.

It lies beside the deliveries, so it becomes deliveries and goes in one write.
"""

from __future__ import annotations

import secrets

import msgspec

from para_core.contracts.dao import DAO, Put, Write
from para_server.webhooks.deliveries import record_of
from para_server.webhooks.messages import Told
from para_server.webhooks.share import ROOM, Share

__all__ = ["Inbox"]

_PAGE = 100


class Inbox:
    """What waits for one share of the apps, in the order of the clocks of those who put it."""

    def __init__(self, dao: DAO, share: Share) -> None:
        self._dao, self._start = dao, f"i/{share.name}/"

    async def put(self, told: Told) -> None:
        """Let the node that has the share tell something; durable when it returns."""
        key = f"{self._start}{told.delivery.at:015d}.{secrets.token_hex(6)}"
        await self._dao.write(ROOM, Write("webhooks", [Put(record_of(key, told), 0)]))

    async def waiting(self) -> list[tuple[str, Told]]:
        """Return what waits, the oldest first, each with the id of its record."""
        page = await self._dao.read_page(ROOM, after=self._start, limit=_PAGE)
        return [
            (record.id, msgspec.json.decode(record.data, type=Told))
            for record in page
            if record.id.startswith(self._start)
        ]
