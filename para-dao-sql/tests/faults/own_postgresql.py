"""A PostgreSQL of a test's own, which waits for the disk; it may be killed, or have little room."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncpg

from para_core.errors import ParaError
from para_core.testing.small_disks import SmallDisk
from para_dao_sql.address import PostgresAddress
from para_dao_sql.postgresql import PostgresDAO

from .killed import DatabaseServer

__all__ = ["OwnPostgreSQL", "a_folder"]

_VERSIONS = Path("/usr/lib/postgresql")
# Root runs the tests, maybe, but never a server of PostgreSQL.
_AS_ACCOUNT = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--")
_OPTIONS = (
    *("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=20"),
    *("shared_buffers=8MB", "autovacuum=off"),
)


@contextlib.contextmanager
def a_folder() -> Iterator[Path]:
    """Make a folder that other users may enter: no server of PostgreSQL is run by root."""
    folder = Path(tempfile.mkdtemp(prefix="para-postgresql-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class OwnPostgreSQL(DatabaseServer):
    """One server in a folder, from ``install`` on."""

    def __init__(self, folder: Path, tables: SmallDisk | None = None) -> None:
        """With ``tables`` there is only so much room for tables."""
        super().__init__(folder)
        self._tables, self._data = tables, folder / "data"
        self._prefix = _AS_ACCOUNT if os.geteuid() == 0 else ()

    @property
    def address(self) -> PostgresAddress:
        return PostgresAddress(f"postgresql://127.0.0.1:{self.port}/postgres", "para", "para")

    def install(self) -> None:
        """Make its files."""
        self._data.mkdir(mode=0o700)
        if self._prefix:
            places = [self._data, *([] if self._tables is None else [self._tables.folder])]
            _run("chown", "postgres:postgres", *map(str, places))
        login = ("--username=para", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        _run(*self._prefix, _program("initdb"), f"--pgdata={self._data}", *login, "--no-sync")

    def command(self) -> Sequence[str]:
        options = (word for option in _OPTIONS for word in ("-c", option))
        where = ("-D", str(self._data), "-p", str(self.port))
        return [*self._prefix, _program("postgres"), *where, *options]

    async def is_ready(self) -> bool:
        try:
            await self._use_small_disk()
            async with self.dao(timeout_ms=30_000):
                return True
        except (ParaError, OSError, asyncpg.CannotConnectNowError):
            return False

    async def kill(self) -> None:
        """End it as a crash does, with the processes that serve its connections."""
        pids: list[int] = []
        if self._process is not None and self._process.returncode is None:
            pid = self._process.pid
            pids = [int(one) for one in _text(f"/proc/{pid}/task/{pid}/children").split()]
        await super().kill()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # it saw that the first one ended
                os.kill(pid, signal.SIGKILL)

    def dao(self, *, timeout_ms: int) -> PostgresDAO:
        return PostgresDAO(self.address, timeout_ms=timeout_ms, pool_size=6)

    async def make_room(self) -> None:
        assert self._tables is not None
        self._tables.grow(256)

    async def _use_small_disk(self) -> None:
        if self._tables is None:
            return
        connection = await asyncpg.connect(self.address.url, user="para", password="para")  # noqa: S106
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_tablespace WHERE spcname = 'small'"):
                folder = self._tables.folder
                await connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
                await connection.execute("ALTER ROLE para SET default_tablespace = small")
        finally:
            await connection.close()


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr


def _text(file: str) -> str:
    return Path(file).read_text()


def _program(name: str) -> str:
    found = sorted(_VERSIONS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    assert found, f"no {name} in {_VERSIONS}"
    return str(found[-1])
