"""MariaDB from Debian: a throw-away server with the database, the user and the password ``para``.

It does not wait for the disk at a commit, so tests that pull the plug need a server of their own.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from scripts.services.service import Place, Service, ServiceError

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Nothing waits for the disk, and a start makes no file of spare room.
_FAST = (
    *("--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--skip-sync-frm"),
    "--skip-innodb-doublewrite",
)
_INIT = """\
CREATE DATABASE IF NOT EXISTS para CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER IF NOT EXISTS para@'127.0.0.1' IDENTIFIED BY 'para';
GRANT ALL ON *.* TO para@'127.0.0.1';
"""


def program(name: str) -> str:
    """Return where a program of MariaDB is.

    Raises:
        ServiceError: It is not installed.
    """
    found = shutil.which(name, path=_PATH)
    if found is None:
        message = f"no {name} in {_PATH}"
        raise ServiceError(message)
    return found


def prepare(place: Place, *options: str) -> list[str]:
    """Make an empty server in the folder; return the command that runs it."""
    account = "mysql" if place.user is None else place.user
    data = place.folder / "data"
    install = [
        *(program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db"),
        *("--auth-root-authentication-method=normal", f"--user={account}"),
    ]
    done = subprocess.run(
        install,
        check=False,
        cwd=place.folder,
        user=place.user,
        group=place.user,
        extra_groups=None if place.user is None else [],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        message = f"{' '.join(install)} failed:\n{done.stdout.strip()}\n{done.stderr.strip()}"
        raise ServiceError(message)
    (place.folder / "init.sql").write_text(_INIT, encoding="utf-8")
    return command(place, *options)


def command(place: Place, *options: str) -> list[str]:
    """Return the command that runs the server which is in the folder."""
    return [
        *(program("mariadbd"), "--no-defaults", f"--datadir={place.folder / 'data'}"),
        f"--init-file={place.folder / 'init.sql'}",
        *("--bind-address=127.0.0.1", f"--port={place.port}", "--skip-name-resolve"),
        f"--socket={_socket(place)}",
        f"--pid-file={place.folder / 'pid'}",
        *("--innodb-buffer-pool-size=64M", "--max-connections=200"),
        *(options or _FAST),
    ]


def _socket(place: Place) -> Path:
    return Path("/tmp") / f"para-mariadb-{place.port}.sock"  # noqa: S108


def is_ready(place: Place) -> bool:
    """Tell whether it answers."""
    ask = [program("mariadb-admin"), "--no-defaults", "-h", "127.0.0.1", "-P", str(place.port)]
    login = ["-u", "para", "--password=para", "ping"]
    return subprocess.run([*ask, *login], check=False, capture_output=True).returncode == 0


def _is_installed() -> bool:
    return shutil.which("mariadbd", path=_PATH) is not None


MARIADB = Service(
    name="mariadb",
    port=13306,
    packages=["mariadb-server"],
    is_installed=_is_installed,
    prepare=prepare,
    is_ready=is_ready,
    url=lambda place: f"mariadb://para:para@127.0.0.1:{place.port}/para",
    user="mysql",
)
