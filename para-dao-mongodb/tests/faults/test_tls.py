"""MongoDB behind TLS: the line is encrypted, and only who is known is trusted."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from para_core.errors import ConfigError, UnavailableError
from para_core.testing.certificates import NEEDS_OPENSSL, Certificate, make_certificate
from para_core.testing.dao import a_record
from para_core.testing.line import Line
from para_dao_mongodb.address import Address, address_of
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.settings import MongoSettings

from ..databases import AWAY, PATIENT_MS, a_database  # noqa: TID252 - tests have no absolute names

pytestmark = [pytest.mark.service("mongodb"), NEEDS_OPENSSL, *AWAY]

SHORT_MS = 2000


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@pytest.fixture
async def address() -> AsyncIterator[Address]:
    async with a_database() as address:
        yield address


@pytest.fixture
async def line(address: Address, certificate: Certificate) -> AsyncIterator[Line]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate.file, certificate.key)
    parts = urlsplit(address.uri)
    line = Line(parts.hostname or "", parts.port or 27017, tls=tls)
    await line.restore()
    yield line
    await line.cut()


def a_dao(
    address: Address,
    line: Line,
    timeout_ms: int,
    *,
    ssl_enabled: bool = True,
    ssl_allow_all: bool = False,
) -> MongoDBDAO:
    """Make the DAO of a server; ``directConnection`` keeps the driver from the other address."""
    uri = f"mongodb://localhost:{line.port}/?directConnection=true"
    settings = MongoSettings(uri=uri, ssl_enabled=ssl_enabled, ssl_allow_all=ssl_allow_all)
    return MongoDBDAO(address_of(settings, address.database), timeout_ms=timeout_ms)


async def test_a_server_that_the_system_trusts_is_used(
    address: Address, line: Line, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    async with a_dao(address, line, PATIENT_MS) as dao:
        number = await dao.create("app", a_record("cat1"))
        found = await dao.read("app", "cat1")
        assert found is not None
        assert found.change == number


async def test_any_certificate_will_do_where_that_is_wanted(address: Address, line: Line) -> None:
    async with a_dao(address, line, PATIENT_MS, ssl_allow_all=True) as dao:
        assert await dao.create("app", a_record("cat1")) > 0


async def test_an_unknown_authority_stops_the_start(address: Address, line: Line) -> None:
    with pytest.raises(ConfigError, match=r"trusted.*self-signed.*para\.mongodb\.ssl_allow_all"):
        await a_dao(address, line, SHORT_MS).open()


async def test_a_server_that_wants_encryption_is_told(address: Address, line: Line) -> None:
    with pytest.raises(UnavailableError, match=r"para\.mongodb\.ssl_enabled"):
        await a_dao(address, line, SHORT_MS, ssl_enabled=False).open()
