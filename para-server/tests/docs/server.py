"""A server in a process of its own, started as a page tells it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..processes import free_port, stop, wait_until_ready  # noqa: TID252 - tests have no absolute names

__all__ = ["running", "said_by"]

_COMMAND = [sys.executable, "-m", "para_server"]


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[int]:
    """Run a server in a folder; the value is its port."""
    port, log = free_port(), folder / "server.log"
    command = [*_COMMAND, "--set", f"para.port={port}", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=_environment(folder), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until_ready(process, f"http://127.0.0.1:{port}", log)
        yield port
    finally:
        stop(process)


def said_by(folder: Path, arguments: Sequence[str]) -> str:
    """Run a command of the server in a folder to its end; return what it printed."""
    done = subprocess.run(  # noqa: S603
        [*_COMMAND, *arguments],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _environment(folder: Path) -> dict[str, str]:
    own = {
        name: value for name, value in os.environ.items() if not name.upper().startswith("PARA_")
    }
    return {**own, "PARA_PLUGIN_CACHE_FOLDER": str(folder / "lib-cache")}
