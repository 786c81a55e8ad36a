"""PostgreSQL from Debian: a throw-away cluster with the user and the database ``para``.

It runs without fsync, so tests that pull the plug need a cluster of their own.
"""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from scripts.services.service import Place, Service, ServiceError

_VERSIONS = Path("/usr/lib/postgresql")


def _programs() -> Path | None:
    """The folder of the newest installed version, None when there is none."""
    found = sorted(_VERSIONS.glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def _program(name: str) -> str:
    programs = _programs()
    if programs is None:
        msg = f"no PostgreSQL under {_VERSIONS}"
        raise ServiceError(msg)
    return str(programs / name)


def _prepare(place: Place) -> list[str]:
    data = place.folder / "data"
    _run(
        place,
        [
            *(_program("initdb"), "-D", str(data), "-U", "para", "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", "--locale=C.UTF-8"),
        ],
    )
    create = [_program("postgres"), "--single", "-D", str(data), "postgres"]
    _run(place, create, text="CREATE DATABASE para;\n")
    options = [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",  # a path to a socket may have only 107 bytes
        "fsync=off",
        "max_connections=200",
    ]
    command = [_program("postgres"), "-D", str(data), "-p", str(place.port)]
    return [*command, *(word for option in options for word in ("-c", option))]


def _run(place: Place, command: list[str], *, text: str = "") -> None:
    done = subprocess.run(
        command,
        check=False,
        cwd=place.folder,
        user=place.user,
        group=place.user,
        extra_groups=None if place.user is None else [],
        input=text,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        msg = f"{' '.join(command)} failed:\n{done.stderr.strip()}"
        raise ServiceError(msg)


def _is_ready(place: Place) -> bool:
    ask = [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(place.port)]
    return subprocess.run(ask, check=False).returncode == 0


POSTGRESQL = Service(
    name="postgresql",
    port=15432,
    packages=["postgresql-15"],
    is_installed=lambda: _programs() is not None,
    prepare=_prepare,
    is_ready=_is_ready,
    url=lambda place: f"postgresql://para@127.0.0.1:{place.port}/para",
    user="postgres",
    stop_signal=signal.SIGINT,  # SIGTERM would wait for clients to leave
)
