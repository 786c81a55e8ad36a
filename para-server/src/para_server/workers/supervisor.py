"""The process that starts the workers, replaces those that end, and stops them all.

It opens no back-end and answers no request; it keeps the sockets, so that what clients have sent to
a worker that was killed waits for the next one in its place.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import logging
import os
import secrets
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from para_core.errors import ParaError
from para_server.systemd import notify
from para_server.workers.board import Board
from para_server.workers.worker import Meeting, Worker

__all__ = ["Serve", "Tether", "meeting_of", "supervise"]

logger = logging.getLogger(__name__)

_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_STOPS = (signal.SIGTERM, signal.SIGINT)
_FAILURE = 2  # exit code of a worker that cannot start before a person puts something right
_SOON_SEC = 2.0  # a worker that ends within so long of its start has failed to start
_PAUSES_SEC = (0.0, 0.0, 0.5, 2.0, 5.0)  # before another try, by failures one after the other
_GRACE_SEC = 30.0  # on top of what requests may take, until what does not stop is killed
_LOOK_SEC = 0.2  # from one look for signals to the next, while the first worker starts


@dataclass(frozen=True, slots=True)
class Tether:
    """Between the supervisor and a worker.

    Attributes:
        is_ready: Called by the worker when it answers.
        lost: A handle that can be read from once the supervisor has ended, whatever the reason.
    """

    is_ready: Callable[[], None]
    lost: int


Serve: TypeAlias = Callable[[Worker, Tether], None]
"""Serves in the process of a worker until it is told to stop."""


@dataclass(slots=True)
class _Child:
    number: int
    pid: int
    began: float


def supervise(count: int, serve: Serve, *, stop_sec: float, stopping: Callable[[], None]) -> int:
    """Run so many workers until a signal comes; return the exit code.

    Args:
        count: How many.
        serve: What a worker does.
        stop_sec: How long requests under way may take.
        stopping: Called when the workers are told to stop: it closes the sockets here.
    """
    with meeting_of(count) as meeting, _blocked_signals():
        return _Supervisor(meeting, serve, stop_sec, stopping).run()


@contextlib.contextmanager
def meeting_of(count: int) -> Iterator[Meeting]:
    """Make what so many workers have in common, and remove it at the end.

    The folder is locked, so that programs that remove what is old in ``/tmp`` leave it alone: a
    worker that found no lock there would lead beside another one.
    """
    folder = Path(tempfile.mkdtemp(prefix="para-"))  # only for this user
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield Meeting(secrets.token_hex(16), folder, Board(count))
    finally:
        os.close(handle)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _blocked_signals() -> Iterator[None]:
    """Let signals wait until they are asked for."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Supervisor:
    def __init__(
        self,
        meeting: Meeting,
        serve: Serve,
        stop_sec: float,
        stopping: Callable[[], None],
    ) -> None:
        self._meeting, self._serve = meeting, serve
        self._stop_sec, self._stopping = stop_sec, stopping
        self._children: dict[int, _Child] = {}  # by process id
        self._failures = [0] * meeting.board.workers
        self._due: dict[int, float] = {}  # when a worker is to be started again, by number
        self._is_told_to_stop = False  # before the first worker has answered
        self._lifeline = os.pipe()  # nothing is ever written: its end is the end of this process

    def run(self) -> int:
        """Start all, the first one alone: it makes what the others need."""
        gc.collect()
        gc.freeze()  # so that what workers share is not copied by their first collection
        if not self._start_first():
            return self._stopped(0 if self._is_told_to_stop else _FAILURE)
        for number in range(1, self._meeting.board.workers):
            self._start(number, is_first=False, is_late=False)
        notify("READY=1")
        while True:
            number = self._next_signal()
            if number == signal.SIGHUP and sys.stdin.isatty():
                number = signal.SIGTERM  # the terminal was closed
            if number in _STOPS:
                notify("STOPPING=1")
                return self._stopped(0)
            if number == signal.SIGHUP:
                self._tell(signal.SIGHUP)
            self._reap()
            self._start_due()
            notify("WATCHDOG=1")

    def _start_first(self) -> bool:
        """Start the first worker; return whether it answers."""
        ready, told = os.pipe()
        self._start(0, is_first=True, is_late=False, told=told)
        os.close(told)
        with os.fdopen(ready, "rb") as pipe:
            while not select.select([pipe], [], [], _LOOK_SEC)[0]:
                if signal.sigtimedwait(_STOPS, 0) is not None:
                    self._is_told_to_stop = True
                    return False
            return pipe.read(1) == b"."  # nothing comes from one that has ended

    def _start(self, number: int, *, is_first: bool, is_late: bool, told: int = -1) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._work(number, is_first=is_first, is_late=is_late, told=told)
        self._children[pid] = _Child(number, pid, time.monotonic())

    def _work(self, number: int, *, is_first: bool, is_late: bool, told: int) -> None:
        """Be a worker, and end with it."""
        code = 1
        try:
            os.close(self._lifeline[1])
            os.setpgid(0, 0)  # what is typed at a terminal is for the supervisor
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC"):  # they are the supervisor's
                os.environ.pop(name, None)

            def is_ready() -> None:
                logger.info("a worker is ready", extra={"worker": number, "pid": os.getpid()})
                if told >= 0:
                    os.write(told, b".")
                    os.close(told)

            worker = Worker(self._meeting, number, is_first=is_first, is_late=is_late)
            self._serve(worker, Tether(is_ready, self._lifeline[0]))
            code = 0
        except ParaError as error:
            sys.stderr.write(f"para-server: {' '.join(str(error).split())}\n")
            code = _FAILURE
        except BaseException:
            logger.exception("a worker failed", extra={"worker": number})
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    # ---- while they run -----------------------------------------------------------------------

    def _next_signal(self) -> int:
        """Wait for a signal, or until something is due; 0 for the latter."""
        now = time.monotonic()
        wait = min([1.0, *(due - now for due in self._due.values())])
        found = signal.sigtimedwait(_SIGNALS, max(wait, 0.0))
        return 0 if found is None else found.si_signo

    def _reap(self) -> None:
        for child in self._ended():
            lived = time.monotonic() - child.began
            failures = self._failures[child.number] + 1 if lived < _SOON_SEC else 0
            self._failures[child.number] = failures
            pause = _PAUSES_SEC[min(failures, len(_PAUSES_SEC) - 1)]
            self._due[child.number] = time.monotonic() + pause
            logger.error(
                "a worker ended, another one takes its place",
                extra={"worker": child.number, "pid": child.pid},
            )

    def _ended(self) -> Sequence[_Child]:
        ended = []
        while self._children:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            child = self._children.pop(pid, None)
            if child is not None:
                ended.append(child)
        return ended

    def _start_due(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now]:
            del self._due[number]
            self._start(number, is_first=False, is_late=True)

    # ---- the end ------------------------------------------------------------------------------

    def _tell(self, number: int) -> None:
        for pid in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _stopped(self, code: int) -> int:
        """Stop all workers and return the exit code; a second signal is passed on as well."""
        self._tell(signal.SIGTERM)
        self._stopping()
        end = time.monotonic() + self._stop_sec + _GRACE_SEC
        while self._children:
            left = end - time.monotonic()
            if left <= 0:
                logger.error("workers do not stop, and are killed")
                self._tell(signal.SIGKILL)
                left = _GRACE_SEC
            found = signal.sigtimedwait(_SIGNALS, min(left, 1.0))
            if found is not None and found.si_signo in _STOPS:
                self._tell(signal.SIGINT)
            self._ended()
        return code
