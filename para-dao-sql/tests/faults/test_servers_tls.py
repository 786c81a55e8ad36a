"""Database servers that encrypt: who is known is used, who is not is told with the key."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from para_core.errors import ConfigError
from para_core.testing.certificates import NEEDS_OPENSSL, Certificate, make_certificate
from para_core.testing.dao import a_record
from para_dao_sql.address import MariaDBAddress, PostgresAddress, parse_address
from para_dao_sql.mariadb import MariaDBDAO
from para_dao_sql.mariadb.connection import connect
from para_dao_sql.postgresql import PostgresDAO
from para_dao_sql.postgresql.dialect import PostgresDialect
from para_dao_sql.settings import SqlSettings

from .own_mariadb import OwnMariaDB
from .own_postgresql import OwnPostgreSQL, a_folder

pytestmark = NEEDS_OPENSSL

PATIENT_MS = 30_000


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    folder = tmp_path / "certificate"
    folder.mkdir()
    return make_certificate(folder)


# ---- PostgreSQL --------------------------------------------------------------------------------


class EncryptedPostgreSQL(OwnPostgreSQL):
    def encrypt(self, certificate: Certificate) -> None:
        """Give it the certificate, whose key has to be its own."""
        for file in (certificate.file, certificate.key):
            copy = shutil.copy(file, self._data / file.name)
            Path(copy).chmod(0o600)
            if self._prefix:
                shutil.chown(copy, "postgres", "postgres")

    def command(self) -> Sequence[str]:
        files = ("ssl_cert_file=cert.pem", "ssl_key_file=key.pem")
        return [*super().command(), *(word for one in ("ssl=on", *files) for word in ("-c", one))]


def postgresql(port: int, *, host: str = "localhost", query: str = "") -> PostgresAddress:
    url = f"postgresql://para:para@{host}:{port}/postgres?{query}"
    address = parse_address(SqlSettings(url=url), "")
    assert isinstance(address, PostgresAddress)
    return address


@pytest.fixture
async def postgresql_port(certificate: Certificate) -> AsyncIterator[int]:
    with a_folder() as folder:
        server = EncryptedPostgreSQL(folder)
        server.install()
        server.encrypt(certificate)
        async with server:
            yield server.port


@pytest.mark.service("postgresql")
async def test_postgresql_is_used_encrypted(
    postgresql_port: int, certificate: Certificate, tmp_path: Path
) -> None:
    known = f"sslmode=verify-full&sslrootcert={certificate.file}"
    for query in ("sslmode=require", known):
        address = postgresql(postgresql_port, query=query)
        connection = await PostgresDialect(address, timeout_ms=PATIENT_MS).connect()
        try:
            asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert await connection.fetchval(asked) is True
        finally:
            await connection.close()
        async with PostgresDAO(address, timeout_ms=PATIENT_MS) as dao:
            assert await dao.create("app", a_record("cat1")) > 0
    somebody = make_certificate(tmp_path).file
    unknown = postgresql(postgresql_port, query=f"ssl=true&sslrootcert={somebody}")
    another = postgresql(postgresql_port, host="127.0.0.1", query=known)
    for address, words in ((unknown, "self-signed"), (another, r"127\.0\.0\.1")):
        with pytest.raises(ConfigError, match=rf"{words}.*para\.sql\.url"):
            await PostgresDAO(address, timeout_ms=PATIENT_MS).open()


# ---- MariaDB -----------------------------------------------------------------------------------


class EncryptedMariaDB(OwnMariaDB):
    def encrypt(self, certificate: Certificate) -> None:
        """Give it the certificate."""
        files = (f"--ssl-cert={certificate.file}", f"--ssl-key={certificate.key}")
        self._options = (*self._options, *files)


def mariadb(port: int, *, host: str = "localhost", query: str = "") -> MariaDBAddress:
    url = f"mariadb://para:para@{host}:{port}/para?{query}"
    address = parse_address(SqlSettings(url=url), "")
    assert isinstance(address, MariaDBAddress)
    return address


@pytest.fixture
async def mariadb_port(tmp_path: Path, certificate: Certificate) -> AsyncIterator[int]:
    server = EncryptedMariaDB(tmp_path)
    server.install()
    server.encrypt(certificate)
    async with server:
        yield server.port


@pytest.mark.service("mariadb")
async def test_mariadb_is_used_encrypted(mariadb_port: int, certificate: Certificate) -> None:
    known = f"sslMode=VERIFY_IDENTITY&serverSslCert={certificate.file}"
    for query in ("sslMode=REQUIRED", known):
        address = mariadb(mariadb_port, query=query)
        connection = await connect(address, PATIENT_MS / 1000)
        try:
            ((_, cipher),) = await connection.fetch("SHOW STATUS LIKE 'Ssl_cipher'")
            assert cipher
        finally:
            await connection.close()
        async with MariaDBDAO(address, timeout_ms=PATIENT_MS) as dao:
            assert await dao.create("app", a_record("cat1")) > 0
    unknown = mariadb(mariadb_port, query="sslMode=VERIFY_CA")
    another = mariadb(mariadb_port, host="127.0.0.1", query=known)
    for address, words in ((unknown, "self-signed"), (another, r"127\.0\.0\.1")):
        with pytest.raises(ConfigError, match=rf"{words}.*serverSslCert.*para\.sql\.url"):
            await MariaDBDAO(address, timeout_ms=PATIENT_MS).open()
