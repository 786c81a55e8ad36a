"""Which process somebody is, as others on the same machine can see it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Process", "this_process"]

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One process of one machine, or of one container on it."""

    machine: str  # empty where it cannot be told
    pid: int
    started: str

    def is_known_to_be_dead(self) -> bool:
        """Whether it ran on this machine and has ended; of others nobody here can know."""
        return (
            self.machine != ""
            and self.machine == _machine()
            and self.started != _start_time(self.pid)
        )


def this_process() -> Process:
    """Return the process that asks."""
    pid = os.getpid()
    return Process(_machine(), pid, _start_time(pid))


@cache
def _machine() -> str:
    """Return what processes have in common that see each other under their numbers."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _start_time(pid: int) -> str:
    """Return when a process started; empty when there is none, or none that still runs."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name before may contain anything
    return "" if fields[0] in "ZX" else fields[19]
