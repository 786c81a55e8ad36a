"""A server in a process of its own: on a core of its own, watched from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

__all__ = ["ServerProcess", "StartError", "free_port"]

_POLL_SEC = 0.005
_STOP_SEC = 20.0
_CLIP = 2000  # characters of a log that an error shows


class StartError(Exception):
    """A server did not come up; the message shows what it said."""


class ServerProcess:
    """One started server with all its child processes.

    ``core``: the processor it is bound to; ``None`` for any.
    """

    def __init__(self, folder: Path, *, core: int | None = 0) -> None:
        self.folder, self.core = folder, core
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the server printed."""
        return self.folder / "server.log"

    def start(
        self,
        command: Sequence[str],
        is_ready: Callable[[], bool],
        *,
        patience_sec: float = 60,
        environ: Mapping[str, str] | None = None,
    ) -> float:
        """Start and wait until the server answers; return the seconds that took.

        Raises:
            StartError: It ended, or did not answer in time.
        """
        bound = [] if self.core is None else ["taskset", "-c", str(self.core)]
        began = time.monotonic()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*bound, *command],
                cwd=self.folder,
                env={**os.environ, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while time.monotonic() - began < patience_sec and self._process.poll() is None:
            try:
                if is_ready():
                    return time.monotonic() - began
            except OSError:  # not listening yet
                pass
            time.sleep(_POLL_SEC)
        self.stop()
        said = self.log.read_text(errors="replace")[-_CLIP:]
        raise StartError(f"{' '.join(command)} does not answer; it said:\n{said}")

    def stop(self) -> None:
        """Ask it to stop, and kill it when it does not. Its own process group, no other."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_STOP_SEC)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def send(self, number: int) -> None:
        """Send a signal to all its processes, if it runs."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """End it without a warning."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def cpu_ns(self) -> int:
        """How long its processes have been on a processor."""
        return sum(_run_time(pid) for pid in self.pids())

    def memory_mb(self) -> float:
        """What its processes hold in memory (resident set)."""
        return sum(_kb(pid, "VmRSS") for pid in self.pids()) / 1024

    def own_memory_mb(self) -> float:
        """What of it is no file that the system has mapped, such as those of an index."""
        return sum(_kb(pid, "RssAnon") for pid in self.pids()) / 1024

    def pids(self) -> list[int]:
        """Return its processes, the first one first."""
        if self._process is None:
            return []
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
            except OSError:  # it ended meanwhile
                continue
            children.setdefault(parent, []).append(int(stat.parent.name))
        found, waiting = [], [self._process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            waiting += children.get(pid, [])
        return found


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run_time(pid: int) -> int:
    total = 0
    for stat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(stat.read_text().split()[0])
        except (OSError, IndexError):
            continue
    return total


def _kb(pid: int, which: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{which}:")), 0)
