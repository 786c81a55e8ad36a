"""Where the programs of other projects are kept, once fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["FOLDER", "uv"]

FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "para-benchmarks"


def uv(*arguments: str) -> None:
    """Run uv: the one of this environment, or else the one on the path.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    own = Path(sys.executable).with_name("uv")
    program = str(own) if own.exists() else shutil.which("uv") or "uv"
    FOLDER.mkdir(parents=True, exist_ok=True)
    subprocess.run([program, *arguments], check=True)
