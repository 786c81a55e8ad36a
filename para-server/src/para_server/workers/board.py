"""A piece of memory that all workers see: what is being written, and what was.

Each worker has columns of its own and writes nowhere else, so nothing is ever locked and a worker
that is killed cannot leave anything half done for the others. A row stands for all objects, or all
apps, whose names have one hash. Numbers only grow:

* in the columns of objects a number is odd while a write is under way, and another even one after
  it. What was read from the database while all numbers of a row stood still, and even, is what the
  database holds for as long as they do. The sum of the numbers of the others is the *stamp* of a
  row; as they only grow, equal sums are equal numbers.
* in the columns of apps a number grows when a write is durable.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterable, Sequence

__all__ = ["UNSTEADY", "Board"]

OBJECT_ROWS = 1 << 15
APP_ROWS = 1 << 12
_NUMBER = 8  # bytes
UNSTEADY = -1
"""The stamp of a row in which somebody writes: equal to none."""


class Board:
    """The shared memory, as one worker sees it once it has taken its ``seat``."""

    def __init__(self, workers: int) -> None:
        """Make the memory; processes that are forked afterwards share it."""
        self.workers = workers
        size = workers * (OBJECT_ROWS + APP_ROWS + 1) * _NUMBER
        numbers = memoryview(mmap.mmap(-1, size)).cast("Q")
        starts = [n * OBJECT_ROWS for n in range(workers)]
        self._objects = [numbers[at : at + OBJECT_ROWS] for at in starts]
        starts = [workers * OBJECT_ROWS + n * APP_ROWS for n in range(workers)]
        self._apps = [numbers[at : at + APP_ROWS] for at in starts]
        self._unstored = numbers[-workers:]
        self._mine = self._my_apps = self._my_unstored = numbers[:0]
        self._others: Sequence[memoryview[int]] = ()
        self._writing: dict[int, int] = {}  # rows in which this worker writes, and how often

    def take_seat(self, number: int) -> list[int]:
        """Be the worker with this number.

        Returns:
            Rows that a worker with this number left when it was killed. Whether it had written
            nobody knows, so they count as under way until they are handed to ``finish``.
        """
        self._mine, self._my_apps = self._objects[number], self._apps[number]
        self._my_unstored = self._unstored[number : number + 1]
        self._others = [c for n, c in enumerate(self._objects) if n != number]
        left = [row for row, value in enumerate(self._mine) if value & 1]
        self._writing = dict.fromkeys(left, 1)
        return left

    # ---- objects ------------------------------------------------------------------------------

    @staticmethod
    def row_of(appid: str, key: str) -> int:
        """Return the row of an object."""
        name = f"{appid}\0{key}".encode("utf-8", "surrogatepass")
        return zlib.crc32(name) & (OBJECT_ROWS - 1)

    def stamp(self, row: int) -> int:
        """Return what is different once another worker has begun to write in this row."""
        others = self._others
        if len(others) == 1:
            return others[0][row]
        total = 0
        for column in others:
            total += column[row]
        return total

    def steady_stamp(self, row: int) -> int:
        """Return the stamp of a row, or ``UNSTEADY`` while another worker writes in it."""
        total = 0
        for column in self._others:
            number = column[row]
            if number & 1:
                return UNSTEADY
            total += number
        return total

    def begin(self, rows: Iterable[int]) -> None:
        """Say that a write to these rows begins."""
        mine, writing = self._mine, self._writing
        for row in rows:
            count = writing.get(row, 0)
            writing[row] = count + 1
            mine[row] += 1 if count == 0 else 2  # odd now, and another number than before

    def finish(self, rows: Iterable[int]) -> None:
        """Say that a write which began is over, whatever became of it."""
        mine, writing = self._mine, self._writing
        for row in rows:
            count = writing[row] - 1
            if count:
                writing[row] = count
                mine[row] += 2
            else:
                del writing[row]
                mine[row] += 1

    @property
    def has_unstored(self) -> bool:
        """Whether any worker ever kept an object that is in no database."""
        return any(number & 1 for number in self._unstored)

    def note_unstored(self) -> None:
        """Say that this worker keeps an object that is in no database."""
        self._my_unstored[0] |= 1

    @property
    def unstored_epoch(self) -> int:
        """How often all objects that are in no database were given up."""
        return sum(number >> 1 for number in self._unstored)

    def give_up_unstored(self) -> None:
        """Begin another epoch: no worker believes any more in what was kept in the one before."""
        self._my_unstored[0] += 2

    def forget_all(self) -> None:
        """Make all that other workers remember of the database worthless."""
        mine = self._mine
        for row in range(OBJECT_ROWS):
            mine[row] += 2

    # ---- apps ---------------------------------------------------------------------------------

    @staticmethod
    def app_row_of(appid: str) -> int:
        """Return the row of an app."""
        return zlib.crc32(appid.encode("utf-8", "surrogatepass")) & (APP_ROWS - 1)

    def app_stamp(self, row: int) -> int:
        """Return what is different once anything more was written, by whichever worker."""
        total = 0
        for column in self._apps:
            total += column[row]
        return total

    def app_changed(self, row: int) -> None:
        """Say that something is durable now; to be said before anybody is told."""
        self._my_apps[row] += 1
