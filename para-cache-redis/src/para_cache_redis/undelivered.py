"""What Redis has not been told, and must be before anybody here reads from it again."""

from __future__ import annotations

from collections.abc import Iterable

from para_core.memory.bounded import Slot

__all__ = ["Undelivered"]

_MOST = 10_000


class Undelivered:
    """Evictions that are not known to have arrived, one for each record, value and app.

    Beyond ten thousand, everything that is cached has to go instead: that is one eviction.
    """

    def __init__(self) -> None:
        self.records: dict[Slot, int] = {}  # the change that was written; 0 for whatever is held
        self.values: dict[Slot, None] = {}
        self.apps: dict[str, None] = {}
        self.everything = False

    def __bool__(self) -> bool:
        return bool(self.everything or self.records or self.values or self.apps)

    def __len__(self) -> int:
        """How many there are."""
        return self.everything + len(self.records) + len(self.values) + len(self.apps)

    def add_records(self, appid: str, changes: Iterable[tuple[str, int]]) -> None:
        """Remember that records changed; a change of 0 wins, since it takes all."""
        for key, change in changes:
            before = self.records.get((appid, key))
            wins = before is None or (before and (not change or change > before))
            if wins and not self.everything:
                self.records[appid, key] = change
        self._bound()

    def add_value(self, appid: str, name: str) -> None:
        """Remember that a value is no longer what it was."""
        if not self.everything:
            self.values[appid, name] = None
        self._bound()

    def add_app(self, appid: str) -> None:
        """Remember that an app was cleared."""
        self.apps[appid] = None

    def add_everything(self) -> None:
        """Remember that nothing that is cached can be relied on."""
        self.everything = True
        self._bound()

    def _bound(self) -> None:
        if self.everything or len(self.records) + len(self.values) > _MOST:
            self.everything = True
            self.records.clear()
            self.values.clear()
