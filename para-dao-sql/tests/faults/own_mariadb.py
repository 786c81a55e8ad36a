"""A MariaDB of a test's own, which waits for the disk; it may be killed, and have little room."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from para_core.errors import UnavailableError
from para_dao_sql.address import MariaDBAddress
from para_dao_sql.mariadb import MariaDBDAO

from .killed import DatabaseServer

__all__ = ["OwnMariaDB"]

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_INIT = """\
CREATE DATABASE IF NOT EXISTS para;
CREATE USER IF NOT EXISTS para@'127.0.0.1' IDENTIFIED BY 'para';
GRANT ALL ON para.* TO para@'127.0.0.1';
"""


_LITTLE, _MORE = 40, 80  # megabytes for all tables


class OwnMariaDB(DatabaseServer):
    """One server in a folder, from ``install`` on."""

    def __init__(self, folder: Path, *, has_little_room: bool = False) -> None:
        super().__init__(folder)
        self._user = getpass.getuser()
        self._options = _room(_LITTLE) if has_little_room else ()

    @property
    def address(self) -> MariaDBAddress:
        return MariaDBAddress("127.0.0.1", self.port, "para", "para", "para")

    def install(self) -> None:
        """Make its files."""
        (self.folder / "init.sql").write_text(_INIT)
        login = ("--auth-root-authentication-method=normal", f"--user={self._user}")
        command = [_program("mariadb-install-db"), *self._where(), "--skip-test-db", *login]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
        assert done.returncode == 0, done.stdout + done.stderr

    def command(self) -> Sequence[str]:
        return [
            *(_program("mariadbd"), *self._where(), f"--user={self._user}"),
            *(f"--init-file={self.folder}/init.sql", "--skip-name-resolve"),
            *("--bind-address=127.0.0.1", f"--port={self.port}"),
            *(f"--socket=/tmp/para-mariadb-{self.port}.sock", f"--pid-file={self.folder}/pid"),
            "--innodb-buffer-pool-size=32M",
        ]

    async def is_ready(self) -> bool:
        try:
            async with MariaDBDAO(self.address, timeout_ms=30_000):
                return True
        except UnavailableError:
            return False

    def dao(self, *, timeout_ms: int) -> MariaDBDAO:
        return MariaDBDAO(self.address, timeout_ms=timeout_ms)

    async def make_room(self) -> None:
        """Give it more, which it takes only when it starts."""
        await self.kill()
        self._options = _room(_MORE)
        await self.start()

    def _where(self) -> list[str]:
        return ["--no-defaults", f"--datadir={self.folder}/data", *self._options]


def _room(megabytes: int) -> tuple[str, ...]:
    """Return options for a server with one file of that size for all tables."""
    path = f"--innodb-data-file-path=ibdata1:12M:autoextend:max:{megabytes}M"
    return "--skip-innodb-file-per-table", path


def _program(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    assert found is not None, f"no {name} in {_PATH}"
    return found
