"""Installs Debian packages without letting them start their daemons."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.services.service import ServiceError

# Debian's own switch: invoke-rc.d asks this program first, and 101 means "action forbidden".
_POLICY = Path("/usr/sbin/policy-rc.d")


def install(packages: Sequence[str]) -> None:
    """Install the packages, if any, with apt; nothing they bring is started.

    Raises:
        ServiceError: The caller is not root, the system is not a Debian, or apt failed.
    """
    if not packages:
        return
    wanted = " ".join(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        msg = f"not installed; as root: apt-get install --no-install-recommends {wanted}"
        raise ServiceError(msg)
    with _nothing_starts():
        _apt_get("update")
        _apt_get("install", "--yes", "--no-install-recommends", *packages)


@contextlib.contextmanager
def _nothing_starts() -> Iterator[None]:
    if _POLICY.exists():  # the machine has a policy of its own
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)


def _apt_get(*words: str) -> None:
    done = subprocess.run(
        ["apt-get", "-qq", *words],
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        msg = f"apt-get {' '.join(words)} failed:\n{done.stdout.strip()}"
        raise ServiceError(msg)
