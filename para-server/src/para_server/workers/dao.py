"""The database as a worker sees it: reads come with a stamp, the others hear of its writes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from para_core.contracts.dao import DAO, Late, Record, Write
from para_core.errors import ConflictError, InvalidObjectError, StorageFullError
from para_core.passing import PassingDAO
from para_server.services.index_follower import DOUBT_SEC
from para_server.workers.board import UNSTEADY, Board

__all__ = ["Stamped", "WorkerDAO"]

_NOT_STORED = (ConflictError, InvalidObjectError, StorageFullError)  # all other errors leave doubt


class Stamped(Record, frozen=True):
    """A record, and what tells whether it is still what the database holds."""

    row: int = 0
    stamp: int = UNSTEADY


class WorkerDAO(PassingDAO):
    """Stamps what is read by id and tells the board of writes; everything else passes through."""

    def __init__(self, dao: DAO, board: Board, left: Sequence[int] = ()) -> None:
        """Stand in front of a DAO.

        Args:
            dao: The database.
            board: What all workers see.
            left: Rows in which a worker that was killed was writing.
        """
        super().__init__(dao)
        self._board, self._left = board, left

    async def open(self) -> None:
        """Open the other DAO."""
        await super().open()
        left, self._left = self._left, ()
        if left:  # the database may still be about to store it
            asyncio.get_running_loop().call_later(DOUBT_SEC, self._board.finish, left)

    # ---- reads --------------------------------------------------------------------------------

    async def read(self, appid: str, key: str) -> Record | None:
        """Return one record, stamped."""
        row = self._board.row_of(appid, key)
        stamp = self._board.steady_stamp(row)  # before the database is asked
        found = await self.dao.read(appid, key)
        return None if found is None else _stamped(found, row, stamp)

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return records, stamped."""
        board = self._board
        rows = {key: board.row_of(appid, key) for key in keys}
        stamps = {key: board.steady_stamp(row) for key, row in rows.items()}
        found = await self.dao.read_all(appid, keys)
        return {key: _stamped(record, rows[key], stamps[key]) for key, record in found.items()}

    # ---- writes -------------------------------------------------------------------------------

    async def write(self, appid: str, write: Write) -> int:
        """Store a write, and let all workers know before anybody is told that it is stored."""
        board, keys = self._board, write.keys()
        rows = [board.row_of(appid, key) for key in keys]
        board.begin(rows)
        try:
            number = await self.dao.write(appid, write)
        except _NOT_STORED:
            board.finish(rows)
            raise
        except BaseException:  # it may still be stored
            loop = asyncio.get_running_loop()
            loop.call_later(DOUBT_SEC, self._finish, appid, rows)
            raise
        self._finish(appid, rows)
        return number

    def on_late(self, heard: Late) -> None:
        """Hear of writes that are stored late, and let all workers know before."""

        def hear(appid: str, number: int, keys: Sequence[str]) -> None:
            rows = [self._board.row_of(appid, key) for key in keys]
            self._board.begin(rows)
            self._finish(appid, rows)
            heard(appid, number, keys)

        self.dao.on_late(hear)

    def _finish(self, appid: str, rows: Sequence[int]) -> None:
        self._board.finish(rows)
        self._board.app_changed(self._board.app_row_of(appid))

    async def delete_table(self, appid: str) -> None:
        """Remove an app; nobody remembers any of its objects when this returns."""
        board = self._board
        try:
            await self.dao.delete_table(appid)
        finally:
            board.forget_all()
            board.app_changed(board.app_row_of(appid))


def _stamped(record: Record, row: int, stamp: int) -> Stamped:
    return Stamped(record.id, record.type, record.data, record.change, row, stamp)
