"""Notes in the change feed: the objects of an event as they were when it happened.

They are stored with the objects, in one transaction, so that an event is told when and only when
its write happened, and as it was even if the object changes again or goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct

from para_core.contracts.dao import Change, Record
from para_server.services.index_follower import DOUBT_SEC

if TYPE_CHECKING:
    from para_server.services.container import Clock
    from para_server.webhooks.hookbook import HookBook

__all__ = ["Note", "Notes", "note_of"]


class Note(Struct):
    """What an entry of the feed tells besides its ids."""

    at: int  # milliseconds since the Unix epoch
    items: list[Raw]  # stored JSON of objects


class _Identity(Struct):
    id: str = ""
    type: str = "sysprop"


_decode = msgspec.json.Decoder(Note).decode
_identity = msgspec.json.Decoder(_Identity).decode


class Notes:
    """Makes notes for writes that hooks ask for."""

    def __init__(self, book: HookBook, *, clock: Clock, for_others: bool = False) -> None:
        """Make notes.

        Args:
            book: Tells which events are asked for.
            clock: Milliseconds since the Unix epoch.
            for_others: Whether other processes write as well: then this one cannot know all hooks,
                and makes a note of every write.
        """
        self._book, self._clock, self._for_others = book, clock, for_others
        self.on_write: Callable[[str], None] = lambda appid: None
        """Told of each write, by the app."""

    def are_asked_for(self, appid: str, event: str) -> bool:
        """Return whether a write of this kind gets a note."""
        return self._for_others or self._book.asks_for(appid, event)

    def wrote(
        self, appid: str, number: int, records: Sequence[Record], gone: Sequence[str]
    ) -> None:
        """Hear of a write that is durable."""
        self._book.hear(appid, number, records, gone)
        self.on_write(appid)

    def doubt(self, appid: str) -> None:
        """Hear of a write that may have been stored, or may still be."""
        self._book.drop(appid)
        asyncio.get_running_loop().call_later(DOUBT_SEC, self._book.drop, appid)

    def note(self, records: Sequence[Record]) -> bytes:
        """Return the note of a write to these objects."""
        items = b",".join([record.data for record in records])
        return b'{"at":%d,"items":[%s]}' % (self._clock(), items)


def note_of(change: Change) -> tuple[int, list[Record]] | None:
    """Return when a change happened, and its objects; ``None`` when it has no note."""
    if not change.note:
        return None
    note = _decode(change.note)
    records = []
    for item in note.items:
        data = bytes(item)
        identity = _identity(data)
        records.append(Record(identity.id, identity.type, data, change.number))
    return note.at, records
