"""Generated ids: 64-bit numbers that sort by creation time, written in decimal."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from para_core.errors import ConfigError, UnavailableError

__all__ = ["EPOCH_MS", "LONGEST_STEP_BACK_MS", "MAX_WORKER_ID", "IdGenerator"]

EPOCH_MS = 1310084584692  # ids count from here (July 2011), as in every version of Para
MAX_WORKER_ID = 1024
LONGEST_STEP_BACK_MS = 10_000  # what clock adjustments of a healthy machine stay below

_WORKER_BITS = 10
_SEQUENCE_BITS = 12
_TIME_SHIFT = _WORKER_BITS + _SEQUENCE_BITS
_LAST_SEQUENCE = (1 << _SEQUENCE_BITS) - 1


class IdGenerator:
    """Makes the ids of one process; its instance may be used by several threads.

    An id is 42 bits of milliseconds since ``EPOCH_MS``, 10 bits of worker and 12 bits of sequence.
    Ids of one generator grow strictly. While the clock stands still or is a little behind, the
    generator counts on from its last millisecond, so nobody waits for the clock; it stops when the
    clock is more than ``LONGEST_STEP_BACK_MS`` behind, since a restart could then repeat ids.
    """

    def __init__(self, worker_id: int, clock_ms: Callable[[], int]) -> None:
        """Prepare the generator of one process.

        Args:
            worker_id: 1 to 1024 (``para.worker_id``), another one for each process of a cluster;
                only its lowest ten bits go into ids.
            clock_ms: Answers the time as milliseconds since the Unix epoch.

        Raises:
            ConfigError: The worker id is out of range.
        """
        if not 1 <= worker_id <= MAX_WORKER_ID:
            raise ConfigError(f"para.worker_id is {worker_id}; use a number from 1 to 1024")
        self._worker = (worker_id & ((1 << _WORKER_BITS) - 1)) << _SEQUENCE_BITS
        self._clock_ms = clock_ms
        self._lock = Lock()
        self._last_ms = -1
        self._sequence = 0

    def next(self) -> str:
        """A new id.

        Raises:
            UnavailableError: The clock went back too far; ids follow once it has caught up.
        """
        with self._lock:
            now = self._clock_ms() - EPOCH_MS
            if now > self._last_ms:
                self._last_ms, self._sequence = now, 0
            else:
                self._count_on(self._last_ms - now)
            return str(
                self._last_ms << (_WORKER_BITS + _SEQUENCE_BITS) | self._worker | self._sequence
            )

    def _count_on(self, behind_ms: int) -> None:
        if behind_ms > LONGEST_STEP_BACK_MS:
            raise UnavailableError(
                f"the clock went back {behind_ms} ms, so no ids are made until it has caught up;"
                " check the time service of this machine"
            )
        if self._sequence < _LAST_SEQUENCE:
            self._sequence += 1
        else:
            self._last_ms, self._sequence = self._last_ms + 1, 0
