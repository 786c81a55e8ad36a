"""The process that hashes and compares passwords, seen from the server.

It is a process, and not a thread, because it yields to everything else: a thread that does must
still take the interpreter's lock now and then, and then everybody would wait until it gets on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import threading
import time

import msgspec

from para_server.signin import hashing
from para_server.signin.breaks import Breaks

__all__ = ["HashingProcess"]

logger = logging.getLogger(__name__)

_REST_SEC = 60.0  # without it, after it was of no use
_CPU_CLOCK = 2  # of a process: all that its threads have run; see clock_getcpuclockid(3)


class HashingProcess:
    """Starts with its first task. One at a time can ask it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        # There has to be a priority below all others, and a clock for what it gets.
        self._rests_until = 0.0 if hasattr(os, "SCHED_IDLE") else float("inf")

    @property
    def pid(self) -> int | None:
        """The process; ``None`` when there is none."""
        return None if self._process is None else self._process.pid

    def spent_ns(self) -> int:
        """Return how long it has been on a core; 0 when there is none."""
        try:
            return time.clock_gettime_ns(~self.pid << 3 | _CPU_CLOCK) if self.pid else 0
        except OSError:  # it has ended
            return 0

    async def ask(self, task: hashing.Task) -> bool | str | None:
        """Return what ``perform`` does; ``None`` when it cannot be had here, for a while."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._rests_until:
            return None
        try:
            line = await self._answer(task)
        except (OSError, EOFError) as error:
            logger.warning("passwords are checked by a thread for a while: %s", error)
            self._rests_until = loop.time() + _REST_SEC
            self.stop()
            return None
        answer: bool | str = msgspec.json.decode(line, type=bool | str)
        return answer

    def stop(self) -> None:
        """End it, whatever it does; the next task starts it again."""
        process, self._process = self._process, None
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].transport.abort()
        if process is not None:
            process.kill()
            # Where it gets no turn it takes a while to end, too.
            threading.Thread(target=process.wait, name="passwords-end", daemon=True).start()

    async def _answer(self, task: hashing.Task) -> bytes:
        reader, writer = self._streams or await self._start()
        writer.write(msgspec.json.encode(task) + b"\n")
        is_starved = False

        def give_up() -> None:
            nonlocal is_starved
            is_starved = True
            writer.transport.abort()

        with Breaks(self.spent_ns, give_up):
            line = await reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError("other work takes every core" if is_starved else "the process has ended")
        return line

    async def _start(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        ours = self._begin()
        self._streams = await asyncio.open_unix_connection(sock=ours)
        return self._streams

    def _begin(self) -> socket.socket:
        """Start the process and return the socket that leads there."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-m", hashing.__name__]
        with theirs:
            try:
                there = theirs.fileno()
                self._process = subprocess.Popen(command, stdin=there, stdout=there)  # noqa: S603
            except OSError:
                ours.close()
                raise
        return ours
