"""Processes that are killed while they work."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

__all__ = ["lines_before_kill"]


def lines_before_kill(script: Path, *arguments: str, seconds: float) -> list[str]:
    """Run a Python script, kill it some time after its first line, and return its whole lines."""
    command = [sys.executable, str(script), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        lines = [first, *process.stdout]
    return [line for line in lines if line.endswith("\n")]
