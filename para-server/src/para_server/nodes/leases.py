"""Who looks after which apps: shares of them, under leases that the nodes take and give.

Each node counts who else is there and takes its part of the shares, no more. A share whose lease
has stood still for the time of a lease before this node's own eyes has no node any more, and one
that was released has none at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import msgspec

from para_core.contracts.component import Component
from para_core.contracts.dao import DAO
from para_core.errors import ParaError
from para_core.tasks import cancelled
from para_server.nodes.clock import Stillness, elapsed_sec
from para_server.nodes.roster import Roster
from para_server.nodes.share import Lease, NodeShare, lease_key, share_number
from para_server.webhooks.share import ROOM, SHARES, LeaseLostError

__all__ = ["Leases"]

logger = logging.getLogger(__name__)

_LOOKS = 6  # in the time of a lease


class Leases(Component):
    """Takes shares and gives them, as long as it is open."""

    def __init__(
        self,
        dao: DAO,
        session: str,
        *,
        lease_sec: float,
        clock: Callable[[], float] = elapsed_sec,
    ) -> None:
        """Prepare to take shares.

        Args:
            dao: The database.
            session: Of this node.
            lease_sec: How long a lease stands still before others may take over.
            clock: Tells seconds, and goes on while the process is stopped.
        """
        self._dao, self._session, self._lease_sec, self._clock = dao, session, lease_sec, clock
        self._shares = [self._new_share(number) for number in range(SHARES)]
        self._stillness = Stillness(clock)
        self.roster = Roster(dao, lease_sec=lease_sec, clock=clock)
        self._moving: dict[int, asyncio.Task[None]] = {}
        self._told: list[int] = []  # which shares this node has had when it last told
        self._task: asyncio.Task[None] | None = None
        self.on_take: list[Callable[[NodeShare], Awaitable[None]]] = []
        """Called once this node has a share; when one fails, the share is given back."""
        self.on_leave: list[Callable[[NodeShare], Awaitable[None]]] = []
        """Called before this node gives a share back, and when it has lost one."""

    def _new_share(self, number: int) -> NodeShare:
        return NodeShare(
            self._dao, number, self._session, lease_sec=self._lease_sec, clock=self._clock
        )

    def share_of(self, appid: str) -> NodeShare:
        """Return the share of an app, whoever has it."""
        return self._shares[share_number(appid)]

    def taken(self) -> list[int]:
        """Return the numbers of the shares that this node has."""
        return [share.number for share in self._shares if share.is_taken and not share.is_lost]

    async def open(self) -> None:
        """Begin to take shares."""
        self._task = asyncio.create_task(self._run(), name="nodes: leases")

    async def close(self) -> None:
        """Give all shares back, so that other nodes need not wait."""
        task, self._task = self._task, None
        if task is None:
            return
        try:
            await cancelled(task)
            await self.settle()
        finally:  # whoever closes it may have been cancelled
            for share in self._shares:
                if share.is_taken and share.number not in self._moving:
                    self._move(share, self._give(share))
            await self.settle()

    async def settle(self) -> None:
        """Wait until what is being taken and given is."""
        if self._moving:
            await asyncio.wait(self._moving.values())

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except ParaError as error:
                logger.warning("shares of the apps are not looked at: %s", error)
            except Exception:  # whatever it is: leases must be renewed
                logger.exception("shares of the apps are not looked at")
            await asyncio.sleep(self._lease_sec / _LOOKS)

    async def look(self) -> None:
        """Renew what is due, and take or give what this node has too little or too much."""
        self._tell()
        await asyncio.gather(*(self._renew(share) for share in self._shares if share.is_taken))
        part = math.ceil(SHARES / await self._count_nodes())
        mine = [share for share in self._shares if share.is_taken or share.number in self._moving]
        for number, change in (await self._free())[: max(part - len(mine), 0)]:
            self._shares[number] = share = self._new_share(number)
            self._move(share, self._begin(share, change))
        for share in mine[part:]:
            if share.number not in self._moving:
                self._move(share, self._give(share))

    def _tell(self) -> None:
        """Log which shares this node has come to have since the last look, all in one line."""
        taken = self.taken()
        if taken != self._told:
            text = "this node looks after %s of %s shares of the apps"
            logger.info(text, len(taken), SHARES, extra={"shares": taken})
            self._told = taken

    async def _renew(self, share: NodeShare) -> None:
        try:
            if share.is_due() and not share.is_lost:
                await share.renew()
        except LeaseLostError:
            logger.warning("another node has a share of the apps", extra={"share": share.number})
        except ParaError as error:
            logger.warning("a lease is not renewed: %s", error, extra={"share": share.number})
        if share.is_lost and share.number not in self._moving:
            self._move(share, self._give(share))

    async def _count_nodes(self) -> int:
        """Return how many nodes there are, this one included."""
        seen = await self.roster.look()
        return 1 + sum(one.sitting.session != self._session for one in seen)

    async def _free(self) -> list[tuple[int, int]]:
        """Return the shares that no node has and their changes, for each node in another order."""
        began = self._clock()
        start = int(self._session, 16) % SHARES
        order = [(start + number) % SHARES for number in range(SHARES)]
        records = await self._dao.read_all(ROOM, [lease_key(number) for number in order])
        free = []
        for number in order:
            share, record = self._shares[number], records.get(lease_key(number))
            change = 0 if record is None else record.change
            still = self._stillness.of(lease_key(number), change, began)
            is_free = record is None or not _decode(record.data).session
            is_mine = share.is_taken or number in self._moving
            if (is_free or still >= self._lease_sec) and not is_mine:
                free.append((number, change))
        return free

    # ---- taking and giving --------------------------------------------------------------------

    def _move(self, share: NodeShare, work: Awaitable[None]) -> None:
        async def move() -> None:
            try:
                await work
            except ParaError as error:
                logger.warning("a share of the apps: %s", error, extra={"share": share.number})
            except Exception:  # whatever it is: the others must go on
                logger.exception("a share of the apps fails", extra={"share": share.number})
            finally:
                del self._moving[share.number]

        self._moving[share.number] = asyncio.create_task(move(), name="nodes: share")

    async def _begin(self, share: NodeShare, change: int) -> None:
        if not await share.take(change):
            return  # another node was faster
        try:
            for begin in self.on_take:
                await begin(share)
        except BaseException:
            await self._give(share)
            raise

    async def _give(self, share: NodeShare) -> None:
        async with AsyncExitStack() as stack:  # whatever fails, all of them are told
            stack.push_async_callback(self._release, share)
            for end in self.on_leave:
                stack.push_async_callback(end, share)

    @staticmethod
    async def _release(share: NodeShare) -> None:
        with contextlib.suppress(LeaseLostError):
            await share.release()


_decode = msgspec.json.Decoder(Lease).decode
