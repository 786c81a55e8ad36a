"""What several writes of one app come to, when they are stored in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from para_core.contracts.dao import Change, Record, Write
from para_core.errors import ConflictError

__all__ = ["Plan", "expected_keys"]


def expected_keys(writes: Iterable[Write]) -> list[str]:
    """Return the ids of the records of which some write expects a state, each once."""
    puts = (put for write in writes for put in write.puts if put.expect is not None)
    return list(dict.fromkeys(put.record.id for put in puts))


@dataclass(slots=True)
class Plan:
    """Takes writes one after the other, each on the state that those before it leave behind."""

    number: int  # of the last change
    stored: dict[str, int]  # changes of the records whose state somebody expects
    records: dict[str, tuple[Record, int] | None] = field(default_factory=dict)  # None: deleted
    told: list[Change] = field(default_factory=list)

    def add(self, write: Write) -> int | ConflictError:
        """Take a write, and return its number; one in conflict changes nothing."""
        stale = [
            put.record.id
            for put in write.puts
            if put.expect is not None and put.expect != self.stored.get(put.record.id, 0)
        ]
        if stale:
            return ConflictError(stale)
        self.number += 1
        for put in write.puts:
            self.records[put.record.id] = (put.record, self.number)
            self.stored[put.record.id] = self.number
        for key in write.deletes:
            self.records[key] = None
            self.stored.pop(key, None)
        self.told.append(Change(self.number, write.event, write.keys(), write.note))
        return self.number

    def puts(self) -> list[tuple[Record, int]]:
        """Return the records to store, each with its change."""
        return [found for found in self.records.values() if found is not None]

    def deletes(self) -> list[str]:
        """Return the ids of the records to delete."""
        return [key for key, found in self.records.items() if found is None]
