"""Which nodes there are: whoever has a number and has renewed it before the eyes of this node."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from para_core.contracts.dao import DAO
from para_server.nodes.clock import Stillness, elapsed_sec
from para_server.nodes.seat import ROOM, Sitting

__all__ = ["Neighbour", "Roster"]

_MOST_NODES = 1024
_PREFIX = "node/"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One node as another sees it."""

    number: int  # its ``para.worker_id``
    sitting: Sitting
    silent_sec: float  # since its record changed before the eyes of who looks
    ahead_sec: float  # its clock before the one of who looks, as far as is certain; 0: unknown


class Roster:
    """Looks at the records of all nodes."""

    def __init__(
        self,
        dao: DAO,
        *,
        lease_sec: float,
        clock: Callable[[], float] = elapsed_sec,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Look at nothing yet.

        Args:
            dao: The database.
            lease_sec: After which a node that stands still is there no more.
            clock: Tells seconds, and goes on while the process is stopped.
            now: The time of day.
        """
        self._dao, self._lease_sec, self._clock, self._now = dao, lease_sec, clock, now
        self._stillness = Stillness(clock)

    async def look(self) -> list[Neighbour]:
        """Return the nodes that are there, by number; one that was never seen before counts."""
        began, found = self._clock(), []
        for record in await self._dao.read_page(ROOM, after=_PREFIX, limit=_MOST_NODES):
            if not record.id.startswith(_PREFIX):
                break
            sitting = msgspec.json.decode(record.data, type=Sitting)
            silent = self._stillness.of(record.id, record.change, began)
            if sitting.session and silent < self._lease_sec:
                ahead = self._ahead(sitting, silent)
                number = int(record.id.removeprefix(_PREFIX))
                found.append(Neighbour(number, sitting, silent, ahead))
        return found

    def _ahead(self, sitting: Sitting, silent_sec: float) -> float:
        """Return how far a clock is ahead; what was written may be as old as a lease."""
        if not sitting.at:
            return 0.0
        ahead = sitting.at - (self._now() - silent_sec)
        return ahead if ahead > 0 else min(ahead + self._lease_sec, 0.0)
