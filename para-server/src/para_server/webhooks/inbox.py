"""What other nodes have taken from the queue, for the node that looks after an app to tell.

It lies beside the deliveries, so it becomes deliveries and goes in one write.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.errors import ParaError, StorageFullError, UnavailableError
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

    async def waiting(self, after: str = "") -> list[Record]:
        """Return a page of what waits, the oldest first: the first one, or what follows an id."""
        page = await self._dao.read_page(ROOM, after=after or self._start, limit=_PAGE)
        return [record for record in page if record.id.startswith(self._start)]

    async def empty(self, tell: Tell) -> None:
        """Have all of it told, as it comes, until another node has the share."""
        failing: set[str] = set()  # messages of which the log knows
        while True:
            pause = _LOOK_SEC
            try:
                if not await self._are_told(tell, failing):
                    pause = _TROUBLE_SEC
            except LeaseLostError:
                return
            except ParaError as error:
                logger.warning("custom events wait: %s", error)
            except Exception:
                logger.exception("custom events wait")
                pause = _TROUBLE_SEC
            await asyncio.sleep(pause)

    async def _are_told(self, tell: Tell, failing: set[str]) -> bool:
        """Have all that waits told; return whether none of it failed."""
        after, are_all = "", True
        while True:
            page = await self.waiting(after)
            for record in page:
                if not await self._is_told(tell, record, failing):
                    are_all = False
            if len(page) < _PAGE:
                return are_all
            after = page[-1].id  # what failed is still there

    @staticmethod
    async def _is_told(tell: Tell, record: Record, failing: set[str]) -> bool:
        """Have one message told; a mistake that it shows does not keep the others waiting."""
        appid = ""
        try:
            told = msgspec.json.decode(record.data, type=Told)
            appid = told.delivery.appid
            await tell(told, [record.id])
        except (UnavailableError, StorageFullError):  # the others would fare no better
            raise
        except Exception:
            if record.id not in failing:
                failing.add(record.id)
                extra = {"appid": appid, "id": record.id}
                logger.exception("a custom event waits", extra=extra)
            return False
        failing.discard(record.id)
        return True
