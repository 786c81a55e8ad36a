"""Processes that outlive this one, known by pid and start time: no other is ever stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.services.service import Place

_POLL_SEC = 0.05
_STOP_SEC = 10.0  # what a server may take to stop before it is killed


def launch(command: Sequence[str], place: Place, log: Path) -> int:
    """Start the command in the background with its output in the log; return its pid."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=place.folder,
            user=place.user,
            group=place.user,
            extra_groups=None if place.user is None else [],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process.pid


def start_time(pid: int) -> str | None:
    """When the process started, in the kernel's ticks; None when it is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before may contain anything
    state, started = fields[0], fields[19]
    return None if state == "Z" else started


def stop(pid: int, started: str, stop_signal: signal.Signals) -> None:
    """Ask the process to stop, wait, and kill it when it does not; other processes are not met."""
    for number, patience in ((stop_signal, _STOP_SEC), (signal.SIGKILL, _STOP_SEC)):
        if start_time(pid) != started:
            return
        os.kill(pid, number)
        deadline = time.monotonic() + patience
        while start_time(pid) == started and time.monotonic() < deadline:
            time.sleep(_POLL_SEC)
