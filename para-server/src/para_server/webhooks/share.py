"""Which apps somebody looks after for all processes, and whether still: a share of all apps.

A process that leads has one share, of all apps. Nodes on one database have several, each under a
lease, and whoever writes for a share proves with each write that it has the lease.
"""

from __future__ import annotations

from collections.abc import Sequence

from para_core.contracts.dao import DAO, Put, Write
from para_core.errors import UnavailableError

__all__ = ["ROOM", "SHARES", "LeaseLostError", "Share", "counter_of", "counters"]

ROOM = "_webhooks"
"""Where deliveries are, and the leases beside them: one transaction tells both."""

SHARES = 16
"""Of nodes; the number is a part of what is stored."""

_COUNTER = "counter"


class LeaseLostError(UnavailableError):
    """Another node looks after these apps now; nothing is stored."""

    def __init__(self, number: int) -> None:
        super().__init__(f"another node looks after the apps of share {number} now")


class Share:
    """All apps, for good."""

    number = -1
    name = ""
    """What the records of this share are called by; empty for the share of all apps."""

    def __init__(self, dao: DAO) -> None:
        self._dao = dao

    def owns(self, appid: str) -> bool:
        """Return whether an app is one of this share."""
        del appid
        return True

    def is_held(self) -> bool:
        """Return whether nobody else can look after these apps at the moment."""
        return True

    async def held(self) -> None:
        """Wait until nobody else can look after these apps."""

    async def write(self, puts: Sequence[Put], deletes: Sequence[str]) -> int:
        """Store records of the room, if this process has the share; return the change.

        Raises:
            LeaseLostError: It has it no more; nothing is stored.
            ConflictError: A record was changed meanwhile; nothing is stored.
        """
        return await self._dao.write(ROOM, Write("webhooks", puts, deletes))


def counter_of(share: Share) -> str:
    """Return the id of the record that counts the deliveries of a share."""
    return f"{_COUNTER}/{share.name}" if share.name else _COUNTER


def counters() -> list[str]:
    """Return the ids of all counters there may be, since servers may become nodes or cease to."""
    return [_COUNTER, *(f"{_COUNTER}/{number:02d}" for number in range(SHARES))]
