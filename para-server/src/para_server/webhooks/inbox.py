"""What other nodes have taken from the queue, for the node that looks after an app to tell.

It lies beside the deliveries, so it becomes deliveries and goes in one write.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from para_core.contracts.dao import DAO, Put, Write
from para_core.errors import ParaError
from para_server.webhooks.deliveries import record_of
from para_server.webhooks.messages import Told
from para_server.webhooks.share import ROOM, LeaseLostError, Share

__all__ = ["Inbox"]

logger = logging.getLogger(__name__)

_PAGE = 100
_LOOK_SEC = 0.5
_TROUBLE_SEC = 5.0

Tell = Callable[[Told, Sequence[str]], Awaitable[None]]
"""Makes deliveries of a message, and removes the records with these ids in the same write."""


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

    async def empty(self, tell: Tell) -> None:
        """Have all of it told, as it comes, until another node has the share."""
        while True:
            pause = _LOOK_SEC
            try:
                for key, told in await self.waiting():
                    if not await self._is_told(tell, key, told):
                        pause = _TROUBLE_SEC
            except LeaseLostError:
                return
            except ParaError as error:
                logger.warning("custom events wait: %s", error)
            except Exception:
                logger.exception("custom events wait")
                pause = _TROUBLE_SEC
            await asyncio.sleep(pause)

    @staticmethod
    async def _is_told(tell: Tell, key: str, told: Told) -> bool:
        """Have one message told; a mistake that it shows does not keep the others waiting."""
        try:
            await tell(told, [key])
        except ParaError:
            raise
        except Exception:
            logger.exception("a custom event waits", extra={"appid": told.delivery.appid})
            return False
        return True
