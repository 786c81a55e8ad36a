"""A folder that stands for a machine on which the commands of a page are typed.

Paths of the page lead into it. Programs that would change this machine have stand-ins, which write
down how they were called; whether the real program takes such options is asked of itself.
"""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

from .shell import said_by_shell

__all__ = ["Machine", "unknown_options"]

_SERVER = f'#!/bin/sh\nexec "{sys.executable}" -m para_server "$@"\n'
_STAND_IN = '#!/bin/sh\nprintf \'%s\\n\' "$(basename "$0") $*" >> "{calls}"\n'
_SUDO = '#!/bin/sh\n[ "$1" = -u ] || exit 1\nshift 2\nexec "$@"\n'
_PLACES = ("/opt/para", "/etc/para", "/etc/systemd", "/var/lib/para")


class Machine:
    """One machine; ``folder`` is where its root would be."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._calls = folder, folder / "calls"
        self._programs = folder / "programs"
        self._programs.mkdir()
        self._calls.touch()
        self._write(self._programs / "para-server", _SERVER)
        self._write(self._programs / "sudo", _SUDO)

    @property
    def calls(self) -> list[str]:
        """How stand-ins were called."""
        return self._calls.read_text().splitlines()

    def stand_in(self, *names: str) -> None:
        """Let programs do nothing but write down how they are called."""
        for name in names:
            self._write(self._programs / name, _STAND_IN.format(calls=self._calls))

    def at(self, path: str) -> Path:
        """Return where a path of the page leads."""
        return self.folder / path.lstrip("/")

    def run(self, commands: str, *, folder: Path | None = None) -> str:
        """Run the commands of a block; return what they printed."""
        for place in _PLACES:
            commands = re.sub(rf"(?<![\w/]){place}\b", str(self.at(place)), commands)
        own = {name: value for name, value in os.environ.items() if not name.startswith("PARA_")}
        own["PATH"] = f"{self._programs}{os.pathsep}{os.environ['PATH']}"
        own["PARA_PLUGIN_CACHE_FOLDER"] = str(self.folder / "lib-cache")
        return said_by_shell(commands, folder or self.folder, {**own, "PIP_NO_INDEX": "1"})

    def install_server(self, environment: Path) -> None:
        """Let an environment see the packages of this one, so that pip needs no index."""
        (packages,) = environment.glob("lib/python*/site-packages")
        seen = [path for path in sys.path if path.endswith("site-packages")]
        lines = [
            f"import site; site.addsitedir({path!r})" for path in seen or site.getsitepackages()
        ]
        (packages / "outside.pth").write_text("\n".join(lines), encoding="utf-8")
        self._write(environment / "bin" / "para-server", _SERVER)

    def _write(self, file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)


def unknown_options(call: str) -> list[str]:
    """Return the options of a call that the real program does not know; skip without it."""
    name, *arguments = call.split()
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"needs {name}")
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)  # noqa: S603
    options = [one.partition("=")[0] for one in arguments if one.startswith("--")]
    return [one for one in options if not re.search(rf"{one}\b", done.stdout)]
