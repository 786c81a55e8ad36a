"""Runs the shell commands of a page as a reader types them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

__all__ = ["said_by_shell"]


def said_by_shell(commands: str, folder: Path, environ: Mapping[str, str]) -> str:
    """Run commands in a folder until one fails, which fails the test; return what they printed."""
    done = subprocess.run(  # noqa: S603 - commands of our own pages
        ["/bin/bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
    return done.stdout
