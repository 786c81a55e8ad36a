"""A MariaDB of a test's own, which waits for the disk; it may be killed, and have little room."""

from __future__ import annotations

import asyncio
import getpass
import shutil
import socket
import subprocess
from pathlib import Path

from para_core.errors import UnavailableError
from para_dao_sql.address import MariaDBAddress
from para_dao_sql.mariadb import MariaDBDAO

__all__ = ["OwnMariaDB"]

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_INIT = """\
CREATE DATABASE IF NOT EXISTS para;
CREATE USER IF NOT EXISTS para@'127.0.0.1' IDENTIFIED BY 'para';
GRANT ALL ON para.* TO para@'127.0.0.1';
"""


class OwnMariaDB:
    """One server in a folder, from ``install`` on; ``stop`` it at the end."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder, self._user = folder, getpass.getuser()
        self.options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> MariaDBAddress:
        return MariaDBAddress("127.0.0.1", self.port, "para", "para", "para")

    def install(self) -> None:
        """Make its files."""
        (self._folder / "init.sql").write_text(_INIT)
        login = ("--auth-root-authentication-method=normal", f"--user={self._user}")
        command = [_program("mariadb-install-db"), *self._where(), "--skip-test-db", *login]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
        assert done.returncode == 0, done.stdout + done.stderr

    async def start(self) -> None:
        """Run it, and wait until it answers."""
        command = [
            *(_program("mariadbd"), *self._where(), f"--user={self._user}"),
            *(f"--init-file={self._folder}/init.sql", "--skip-name-resolve"),
            *("--bind-address=127.0.0.1", f"--port={self.port}"),
            *(f"--socket=/tmp/para-mariadb-{self.port}.sock", f"--pid-file={self._folder}/pid"),
            "--innodb-buffer-pool-size=32M",
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603, ASYNC220
        while True:
            assert self._process.poll() is None, (self._folder / "log").read_text()[-3000:]
            try:
                async with MariaDBDAO(self.address, timeout_ms=30_000):
                    return
            except UnavailableError:
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """End it as a crash does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            self.kill()

    def _where(self) -> list[str]:
        return ["--no-defaults", f"--datadir={self._folder}/data", *self.options]


def _program(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    assert found is not None, f"no {name} in {_PATH}"
    return found
