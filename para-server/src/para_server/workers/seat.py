"""Who leads: the worker that has a lock of the system, which ends with it whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path

__all__ = ["Seat"]


class Seat:
    """Waits for the lead in a thread of its own, which costs nothing while it waits."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle: int | None = None

    def wait(self, taken: Callable[[], None]) -> None:
        """Call a function in the event loop once this worker leads."""
        loop = asyncio.get_running_loop()
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._handle = handle

        def take() -> None:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(taken)

        threading.Thread(target=take, name="para-seat", daemon=True).start()

    def leave(self) -> None:
        """Let another worker lead. For the one that does; the others leave by ending."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)
