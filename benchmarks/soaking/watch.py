"""Looks at the processes of a server every few seconds: memory, open files, connections."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.processes import ServerProcess

__all__ = ["Sample", "Watch", "look", "thirds"]

_THIRDS = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """What the processes of a server hold at one time."""

    rss_mb: float  # all pages in memory, those of mapped files too
    pss_mb: float  # the same, shared pages counted in parts
    private_mb: float  # without mapped files: what the program itself asked for
    files: float
    connections: float
    gone_files: float  # mapped, though they have been deleted


def look(process: ServerProcess) -> Sample:
    """Return what a server holds now."""
    pids = process.pids()
    memory = [_memory_kb(pid) for pid in pids]
    opened = [name for pid in pids for name in _opened(pid)]
    sockets = sum(name.startswith("socket:") for name in opened)
    return Sample(
        rss_mb=sum(one.get("Rss", 0) for one in memory) / 1024,
        pss_mb=sum(one.get("Pss", 0) for one in memory) / 1024,
        private_mb=sum(one.get("Anonymous", 0) for one in memory) / 1024,
        files=len(opened) - sockets,
        connections=sockets,
        gone_files=sum(_gone(pid) for pid in pids),
    )


class Watch:
    """Takes a sample every ``every_sec`` as long as its block lasts."""

    def __init__(self, take: Callable[[], Sample], *, every_sec: float) -> None:
        self._take, self._every_sec = take, every_sec
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            self.samples.append(self._take())
            due += self._every_sec


def thirds(samples: Sequence[Sample]) -> list[Sample]:
    """Return the mean of the first, the second and the last third."""
    size = len(samples) // _THIRDS
    if not size:
        raise ValueError(f"{len(samples)} samples have no thirds; let it run for longer")
    parts = [samples[at * size : (at + 1) * size] for at in range(_THIRDS)]
    return [_mean(part) for part in parts]


def _mean(samples: Sequence[Sample]) -> Sample:
    names = [field.name for field in fields(Sample)]
    return Sample(**{n: statistics.fmean(getattr(one, n) for one in samples) for n in names})


def _memory_kb(pid: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:  # it ended meanwhile
        return {}
    return {name: int(rest.split()[0]) for name, _, rest in (one.partition(":") for one in lines)}


def _opened(pid: int) -> list[str]:
    names = []
    for entry in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            names.append(str(entry.readlink()))
        except OSError:  # closed meanwhile
            continue
    return names


def _gone(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines()
    except OSError:
        return 0
    names = {line.split(maxsplit=5)[-1] for line in lines if line.endswith("(deleted)")}
    return sum(name.startswith("/") for name in names)
