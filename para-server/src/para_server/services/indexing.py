"""What the services ask of the index: that it follows the database, and how far it is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from para_core.contracts.component import Component
from para_core.contracts.dao import Record

__all__ = ["Indexing", "Progress"]


class Progress(NamedTuple):
    """How far the index of an app is: changes that were handed over, and that it has."""

    handed: int
    applied: int
    is_ready: bool

    @property
    def is_current(self) -> bool:
        """Whether the index has everything."""
        return self.is_ready and self.applied == self.handed


class Indexing(Component):
    """Keeps the search index of every app in step with the database."""

    @abstractmethod
    async def begin(self, appid: str) -> int:
        """Say that a write begins; waits while too much is waiting for the index."""

    @abstractmethod
    def end(
        self, appid: str, token: int, number: int, puts: Sequence[Record], gone: Sequence[str]
    ) -> None:
        """Hand over what a write stored; ``number`` 0 when it stored nothing."""

    @abstractmethod
    def doubt(self, appid: str, token: int) -> None:
        """Say that nobody knows whether a write was stored: the feed will tell."""

    @abstractmethod
    def progress(self) -> dict[str, Progress]:
        """Return how far the index of each app is that was used, as far as this process knows."""

    @abstractmethod
    def is_current(self, appid: str) -> bool:
        """Return whether the index has everything that was stored before now."""

    @abstractmethod
    def lost(self, appid: str) -> None:
        """Hear that a search found no index where one was: make it again, if it is gone."""

    @abstractmethod
    async def caught_up(self, appid: str, timeout_sec: float) -> bool:
        """Wait until the index has everything that was stored before now.

        Returns:
            ``False`` when that took longer than ``timeout_sec``.
        """

    @abstractmethod
    async def rebuild(self, appid: str) -> int:
        """Rebuild the index of an app from the database; the old one answers meanwhile.

        Returns:
            How many objects were indexed.
        """

    @abstractmethod
    async def index_unstored(
        self, appid: str, records: Sequence[Record], gone: Sequence[str] = ()
    ) -> None:
        """Index objects that no change of this database tells; they are found when this returns.

        Args:
            appid: The app.
            records: The objects.
            gone: Ids of objects that are not to be found any more.
        """

    async def begin_app(self, appid: str) -> None:
        """Hear that there is a new app, whose name another one may have had."""
        del appid

    @abstractmethod
    async def drop(self, appid: str) -> None:
        """Forget an app and remove its index."""
