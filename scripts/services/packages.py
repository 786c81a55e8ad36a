"""Packages of Python and of Node.js that a service or its tests need, locked like all others."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.services.service import ServiceError

_ROOT = Path(__file__).resolve().parents[2]
_NODE = _ROOT / ".services" / "node"  # survives the stop, so that it is installed once
_PYTHON = _ROOT / ".services" / "python"  # likewise


def node_modules(name: str) -> Path:
    """The folder that holds ``node_modules`` of a service."""
    return _NODE / name


def install_node(name: str, package: str) -> None:
    """Install a package for a service.

    Raises:
        ServiceError: There is no npm, or it failed.
    """
    if shutil.which("npm") is None:
        message = f"{name} needs Node.js with npm (Debian: apt-get install npm)"
        raise ServiceError(message)
    folder = node_modules(name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    _run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", package], folder)


def install_python(requirements: str) -> None:
    """Install what a file below ``requirements`` locks into the environment that runs this.

    Raises:
        ServiceError: That failed.
    """
    _install(sys.executable, requirements)
    importlib.invalidate_caches()  # it can be imported from now on


def environment(name: str) -> Path:
    """The folder of the environment of Python that a service has for itself."""
    return _PYTHON / name


def install_apart(name: str, requirements: str) -> None:
    """Install what a file below ``requirements`` locks into the environment of a service.

    Raises:
        ServiceError: That failed.
    """
    folder = environment(name)
    tool = _uv()
    make = [tool, "venv", "--quiet", "--clear", "--python"] if tool else ["-m", "venv", "--clear"]
    command = [*make, sys.executable] if tool else [sys.executable, *make]
    _run([*command, str(folder)], _ROOT)
    _install(str(folder / "bin" / "python"), requirements)


def _install(python: str, requirements: str) -> None:
    tool = _uv()
    command = [tool, "pip"] if tool else [python, "-m", "pip"]
    target = ["--python", python] if tool else []
    file = str(_ROOT / "requirements" / requirements)
    _run([*command, "install", "--quiet", *target, "--require-hashes", "-r", file], _ROOT)


def _uv() -> str | None:
    """Where uv is, ``None`` when only pip can install."""
    uv = Path(sys.executable).with_name("uv")
    return str(uv) if uv.exists() else shutil.which("uv")


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        message = f"{' '.join(command)} failed:\n{done.stdout.strip()}"
        raise ServiceError(message)
