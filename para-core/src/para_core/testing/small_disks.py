"""File systems of a few megabytes, which only a privileged user can make."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["SmallDisk", "a_small_disk"]


@dataclass(frozen=True)
class SmallDisk:
    """One that is there."""

    folder: Path

    def grow(self, megabytes: int) -> None:
        """Give it more room, or less."""
        self.remount(f"size={megabytes}m")

    def remount(self, option: str) -> None:
        """Change how it is mounted."""
        command = ["mount", "-o", f"remount,{option}", str(self.folder)]
        subprocess.run(command, check=True)  # noqa: S603


@contextmanager
def a_small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Make one in a new folder; skip the test where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603
        pytest.skip("cannot mount a small file system")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607
