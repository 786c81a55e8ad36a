"""One of several processes that serve a port: what it does otherwise than a process alone."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from para_core.contracts.dao import Record
from para_core.errors import ConfigError
from para_core.ids import MAX_WORKER_ID
from para_server.peer import Peer
from para_server.services.index_writer import REBUILD_PAGE
from para_server.services.setup import RootKeys
from para_server.workers.board import Board
from para_server.workers.cache import WorkerCache
from para_server.workers.dao import Stamped, WorkerDAO
from para_server.workers.index import WorkerIndex
from para_server.workers.metrics import Told, WorkerMetrics
from para_server.workers.values import SharedValues

if TYPE_CHECKING:
    from para_core.contracts.dao import DAO
    from para_core.contracts.search import Search
    from para_server.config import ApiSettings
    from para_server.para import Backends
    from para_server.services.following import Retention

__all__ = ["Meeting", "Worker"]


@dataclass(frozen=True, slots=True)
class Meeting:
    """What all workers of a server have in common.

    Attributes:
        group: Tells this server's processes from those of any other.
        folder: Where they meet; only their user can look into it.
        board: The memory that all of them see.
    """

    group: str
    folder: Path
    board: Board


class Worker(Peer):
    """One worker. Made in its own process, before anything is opened."""

    def __init__(self, meeting: Meeting, number: int, *, is_first: bool, is_late: bool) -> None:
        """Take a seat at the board.

        Args:
            meeting: Of this server.
            number: Counts from 0; two that run at the same time have different ones.
            is_first: Whether no other worker runs yet.
            is_late: Whether it takes the place of one that ended.
        """
        self._meeting, self.number = meeting, number
        self._is_first = is_first
        self._left = meeting.board.take_seat(number)
        if is_late:
            meeting.board.forget_all()  # it may have removed an app when it ended
        self.root_keys: RootKeys = _SharedKeys(meeting.folder)

    def joined(self, settings: ApiSettings, backends: Backends) -> tuple[ApiSettings, Backends]:
        """Return settings and back-ends for this worker.

        Raises:
            ConfigError: A back-end lives in one process, or there are no numbers left for ids.
        """
        workers = self._meeting.board.workers
        if settings.worker_id + workers - 1 > MAX_WORKER_ID:
            raise ConfigError(
                f"para.worker_id is {settings.worker_id}, and each of {workers} workers needs a "
                f"number of its own; set it to at most {MAX_WORKER_ID - workers + 1}"
            )
        backends.dao.share(self._meeting.group)
        backends.search.share(self._meeting.group)
        board, cache = self._meeting.board, backends.cache
        if not cache.is_shared:
            values = SharedValues(self._meeting.folder / "values.db")
            cache = WorkerCache(cache, board, values)
        dao = WorkerDAO(backends.dao, board, self._left)
        return (
            msgspec.structs.replace(settings, worker_id=settings.worker_id + self.number),
            replace(backends, dao=dao, cache=cache),
        )

    def index(
        self,
        dao: DAO,
        search: Search,
        retention: Retention,
        *,
        rebuild_page: int = REBUILD_PAGE,
    ) -> WorkerIndex:
        """Return what follows the database, or asks the worker that does."""
        meeting = self._meeting
        return WorkerIndex(
            dao,
            search,
            meeting.board,
            meeting.folder,
            is_first=self._is_first,
            retention=retention,
            rebuild_page=rebuild_page,
        )

    def metrics(self, own: Told) -> WorkerMetrics:
        """Return what tells and hears the metrics of all workers; see ``WorkerMetrics``."""
        meeting = self._meeting
        return WorkerMetrics(meeting.folder, self.number, meeting.board.workers, own)

    def is_true(self, record: Record) -> bool:
        """Return whether a record that was read before is what the database holds now."""
        if not isinstance(record, Stamped):
            return False
        return self._meeting.board.stamp(record.row) == record.stamp


class _SharedKeys(RootKeys):
    """What all workers together know of the root app's keys: files that are there or not."""

    def __init__(self, folder: Path) -> None:
        self._fresh, self._used = folder / "root-keys-fresh", folder / "root-keys-used"
        self._have_said = False

    @property
    def are_fresh(self) -> bool:  # type: ignore[override]
        return self._fresh.exists()

    @property
    def were_used(self) -> bool:  # type: ignore[override]
        return self._used.exists()

    def made(self) -> None:
        self._fresh.touch()

    def use(self) -> None:
        if not self._have_said:
            self._have_said = True
            with contextlib.suppress(OSError):  # the folder goes when the server ends
                self._used.touch()

    def take(self) -> bool:
        try:
            self._fresh.unlink()
        except FileNotFoundError:
            return False  # another worker was faster
        return True
