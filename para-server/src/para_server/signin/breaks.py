"""Short breaks of the event loop, so that a process that yields to it gets on all the same.

A kernel shares a core in turns of milliseconds. When requests keep a core busy, each turn that it
gives somebody else holds all of them up for that long. So passwords are checked by a process that
has no claim to turns. While it is at work, the loop looks how it gets on, and when it hardly does,
sleeps for a fraction of a millisecond, in which the core is free. Where there is a core to spare it
gets on anyway, and there are no breaks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

__all__ = ["Breaks"]

_LOOK_SEC = 0.003
_BREAK_SEC = 0.0002  # and what a timer takes: a tenth of a core
_SHARE = 0.1  # of a core, with which it gets on
_VAIN_SEC = 0.05  # until the next look, when others took the core in a break
_MOST_VAIN = 20


class Breaks:
    """Looks after somebody who is at work: ``with Breaks(spent_ns, give_up): …``."""

    def __init__(
        self,
        spent_ns: Callable[[], int],
        give_up: Callable[[], None],
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take no break yet.

        Args:
            spent_ns: How long it has had a core until now.
            give_up: Called once, when it has hardly got on for a second in spite of breaks: others
                take every core.
            pause: Lets so many seconds pass in which this thread needs no core.
        """
        self._spent_ns, self._give_up, self._pause = spent_ns, give_up, pause
        self._timer: asyncio.TimerHandle | None = None
        self._then_ns = self._had_ns = 0
        self._vain = 0

    def __enter__(self) -> Self:
        """Look from now on."""
        self._note()
        self._wait(_LOOK_SEC)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        gets_on = self._gets_on()
        if not gets_on:
            self._note()
            self._pause(_BREAK_SEC)
            gets_on = self._gets_on()
        self._vain = 0 if gets_on else self._vain + 1
        if self._vain >= _MOST_VAIN:
            self._give_up()
            return
        self._note()
        self._wait(_LOOK_SEC if gets_on else _VAIN_SEC)

    def _gets_on(self) -> bool:
        """Tell whether it had its share of a core since the last note."""
        passed_ns = time.monotonic_ns() - self._then_ns
        return self._spent_ns() - self._had_ns >= passed_ns * _SHARE

    def _note(self) -> None:
        self._then_ns, self._had_ns = time.monotonic_ns(), self._spent_ns()

    def _wait(self, sec: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(sec, self._look)
