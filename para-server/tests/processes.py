"""Servers in processes of their own: a port for them, their first answer, and their end."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from pathlib import Path

__all__ = ["free_port", "stop", "wait_until_ready"]

START_SEC = 120  # the machine may be busy
ANSWER_SEC = 5  # in which one that is there answers, or is asked again
STOP_SEC = 20


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait for the first answer; a server that ends before it fails the test with its log."""
    deadline = time.monotonic() + START_SEC
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/v1", timeout=ANSWER_SEC):  # noqa: S310 - our own server
                return
        except OSError:  # it is not there, refuses, or is slow
            time.sleep(0.02)
    raise AssertionError(f"no server at {url}; it said:\n{log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> int:
    """Ask a server to end, and end it if it does not; return its exit code."""
    process.terminate()
    try:
        return process.wait(STOP_SEC)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
