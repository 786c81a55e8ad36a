"""A server in a process of its own, started as a page tells it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["free_port", "running", "said_by"]

_COMMAND = [sys.executable, "-m", "para_server"]
_START_SEC, _STOP_SEC = 30.0, 20.0  # the machine may be busy


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
        _wait(process, port, log)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SEC)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path) -> dict[str, str]:
    own = {
        name: value for name, value in os.environ.items() if not name.upper().startswith("PARA_")
    }
    return {**own, "PARA_PLUGIN_CACHE_FOLDER": str(folder / "lib-cache")}


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SEC
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1", timeout=5):
                return
        except urllib.error.URLError:
            time.sleep(0.02)
    raise AssertionError(f"no server on port {port}; it said:\n{log.read_text()}")
