"""What writes that go together come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from para_core.contracts.dao import Record, Write
from para_core.errors import ConflictError
from para_dao_sql.entries import told

__all__ = ["Plan"]


@dataclass(slots=True)
class Plan:
    """What a sequence of writes comes to in the end."""

    number: int  # of the last change
    stored: dict[str, int]  # changes of the records whose state somebody expects
    records: dict[str, tuple[Record, int] | None] = field(default_factory=dict)  # None: deleted
    told: list[tuple[int, str, bytes]] = field(default_factory=list)

    def add(self, write: Write) -> int | ConflictError:
        """Take a write unless it is in conflict with the state before it."""
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
        self.told.append((self.number, write.event, told(write.keys(), write.note)))
        return self.number

    def puts(self) -> Iterator[tuple[Record, int]]:
        """Return the records to store, each with its change."""
        return (found for found in self.records.values() if found is not None)

    def deletes(self) -> Iterator[str]:
        """Return the ids of the records to remove."""
        return (key for key, found in self.records.items() if found is None)
