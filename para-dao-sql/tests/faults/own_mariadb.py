"""A MariaDB of a test's own, which waits for the disk; it may be killed, and have little room."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from para_core.errors import UnavailableError
from para_core.testing.own_server import OwnServer
from para_dao_sql.address import MariaDBAddress
from para_dao_sql.mariadb import MariaDBDAO

__all__ = ["OwnMariaDB"]

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_INIT = """\
CREATE DATABASE IF NOT EXISTS para;
CREATE USER IF NOT EXISTS para@'127.0.0.1' IDENTIFIED BY 'para';
GRANT ALL ON para.* TO para@'127.0.0.1';
"""


class OwnMariaDB(OwnServer):
    """One server in a folder, from ``install`` on."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Take ``options`` as on the command line of the server, for its files and each start."""
        super().__init__(folder)
        self._user = getpass.getuser()
        self.options = options

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

    def _where(self) -> list[str]:
        return ["--no-defaults", f"--datadir={self.folder}/data", *self.options]


def _program(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    assert found is not None, f"no {name} in {_PATH}"
    return found
