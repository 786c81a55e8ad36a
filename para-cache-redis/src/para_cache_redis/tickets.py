"""How old what was read may be: the tokens that were current when Redis did not have it."""

from __future__ import annotations

from collections import OrderedDict

from para_core.memory.bounded import Slot

__all__ = ["Tickets"]

_MOST = 10_000


class Tickets:
    """Says which records may be filled, and under which tokens.

    A reader asks Redis, then the database, then fills. When the tokens have changed in between,
    markers may be gone that would have told that the record has changed too, so it is not kept.
    The oldest reader of a record counts, and the first that is back uses up the ticket.
    """

    def __init__(self) -> None:
        self._tickets: OrderedDict[Slot, bytes] = OrderedDict()

    def note(self, appid: str, key: str, tokens: bytes) -> None:
        """Remember that a record was missing under these tokens."""
        self._tickets.setdefault((appid, key), tokens)
        if len(self._tickets) > _MOST:
            self._tickets.popitem(last=False)

    def take(self, appid: str, key: str) -> bytes | None:
        """Return the tokens under which a record was missing; ``None`` when nobody asked."""
        return self._tickets.pop((appid, key), None)

    def clear(self) -> None:
        """Let nothing be filled that was missing before now."""
        self._tickets.clear()
