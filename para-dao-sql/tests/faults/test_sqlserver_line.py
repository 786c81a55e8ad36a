"""What goes wrong between the DAO and SQL Server, with the real driver and a listener."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from OpenSSL import SSL

from para_core.errors import (
    BackendError,
    ConfigError,
    ParaError,
    StorageFullError,
    UnavailableError,
)
from para_core.testing.dao import a_record
from para_dao_sql.address import SqlServerAddress, Tls
from para_dao_sql.sqlserver import SqlServerDAO
from para_dao_sql.sqlserver.errors import MEANINGS

from ..stand_in.engine import Engine  # noqa: TID252 - tests have no absolute names
from ..stand_in.grammar import SQL_SERVER  # noqa: TID252
from ..stand_in.secure import make_certificate  # noqa: TID252
from ..stand_in.tds import ENCRYPTED, ONLY_ENCRYPTED, Manner, serve  # noqa: TID252
from ..stand_in.wire import Refusal  # noqa: TID252

_LIMIT_MS = 60_000  # of what has to succeed, on a slow machine too
_SHORT_MS = 400  # of what is to be given up


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(SQL_SERVER, tmp_path / "stand-in.db")


@pytest.fixture
def address(engine: Engine) -> Iterator[SqlServerAddress]:
    with serve(engine) as port:
        yield at(port)


def at(port: int) -> SqlServerAddress:
    return SqlServerAddress("localhost", port, "para", "user", "hidden")


async def opened_error(address: SqlServerAddress, limit_ms: int = _LIMIT_MS) -> ParaError:
    """Return the error that stops the start."""
    dao = SqlServerDAO(address, timeout_ms=limit_ms)
    with pytest.raises(ParaError) as caught:
        await dao.open()
    await dao.close()
    assert "hidden" not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (18456, ConfigError, "check para.sql.url, para.sql.user and para.sql.password"),
        (4060, ConfigError, "check para.sql.url"),
        (18487, ConfigError, "(18487); check para.sql.url"),
        (17809, UnavailableError, "is it running, and is para.sql.url right?"),
    ],
)
async def test_who_is_not_let_in_is_told_why(
    engine: Engine,
    caplog: pytest.LogCaptureFixture,
    number: int,
    kind: type[ParaError],
    words: str,
) -> None:
    with serve(engine, Manner(Refusal(number, "not you"))) as port, caplog.at_level(logging.DEBUG):
        error = await opened_error(at(port))
    assert not [record for record in caplog.records if record.name.startswith("pytds")]
    assert isinstance(error, kind)
    assert "not you" in str(error)
    assert words in str(error)


async def test_nobody_listens(engine: Engine) -> None:
    with serve(engine) as port:
        pass
    error = await opened_error(at(port))
    assert isinstance(error, UnavailableError)
    assert "is para.sql.url right?" in str(error)


async def test_a_listener_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        error = await opened_error(at(listener.getsockname()[1]), _SHORT_MS)
    assert isinstance(error, UnavailableError)


async def test_a_server_that_wants_encryption_refuses_a_clear_line(engine: Engine) -> None:
    with serve(engine, Manner(encryption=ONLY_ENCRYPTED)) as port:
        error = await opened_error(at(port))
    assert isinstance(error, ConfigError)
    assert "check encrypt, serverCertificate and hostNameInCertificate" in str(error)


async def test_a_server_without_encryption_is_refused_when_it_is_wanted(
    engine: Engine, tmp_path: Path
) -> None:
    _, file = make_certificate(tmp_path, "localhost")
    with serve(engine) as port:
        error = await opened_error(replace(at(port), tls=Tls(ca=str(file))))
    assert isinstance(error, ConfigError)
    assert "encryption" in str(error)


async def test_a_line_is_encrypted_and_the_certificate_checked(
    engine: Engine, tmp_path: Path
) -> None:
    context, file = make_certificate(tmp_path, "localhost")
    other = tmp_path / "other"
    other.mkdir()
    _, strange = make_certificate(other, "localhost")
    with serve(engine, Manner(encryption=ENCRYPTED, certificate=context)) as port:
        wanted = replace(at(port), tls=Tls(ca=str(file)))
        async with SqlServerDAO(wanted, timeout_ms=_LIMIT_MS) as dao:
            number = await dao.create("app", a_record("cat1", text="x" * 200_000))
            found = await dao.read("app", "cat1")
        assert found is not None
        assert found.change == number
        error = await opened_error(replace(at(port), tls=Tls(ca=str(strange))))
        assert isinstance(error, ConfigError)
        assert "certificate verify failed" in str(error)
        named = replace(wanted, certificate_name="db.example.org")
        error = await opened_error(named)
    assert isinstance(error, ConfigError)
    assert "does not match host name" in str(error)


async def test_a_database_without_versions_of_rows_is_refused(
    engine: Engine, address: SqlServerAddress
) -> None:
    engine.set_versions(0, 0)
    error = await opened_error(address)
    assert "ALTER DATABASE [para] SET ALLOW_SNAPSHOT_ISOLATION ON" in str(error)
    assert "ALTER DATABASE [para] SET READ_COMMITTED_SNAPSHOT ON" in str(error)
    engine.set_versions(1, 0)
    assert "ALLOW_SNAPSHOT" not in str(await opened_error(address))


async def test_a_server_that_comes_back_is_used_again(engine: Engine) -> None:
    with serve(engine) as port:
        dao = SqlServerDAO(at(port), timeout_ms=_LIMIT_MS)
        await dao.open()
        number = await dao.create("app", a_record("cat1"))
    with pytest.raises(UnavailableError, match="out of reach"):
        await dao.read("app", "cat1")
    with pytest.raises(UnavailableError):
        await dao.create("app", a_record("cat2"))
    with serve(engine, port=port):
        found = await dao.read_all("app", ["cat1", "cat2"])
        assert {key: record.change for key, record in found.items()} == {"cat1": number}
        assert await dao.create("app", a_record("cat2")) > number
        await dao.close()


async def test_an_encrypted_line_that_is_cut_is_made_again(engine: Engine, tmp_path: Path) -> None:
    context, file = make_certificate(tmp_path, "localhost")
    manner = Manner(encryption=ENCRYPTED, certificate=context)
    with serve(engine, manner) as port:
        dao = SqlServerDAO(replace(at(port), tls=Tls(ca=str(file))), timeout_ms=_LIMIT_MS)
        await dao.open()
        number = await dao.create("app", a_record("cat1"))
    for asked in (dao.read("app", "cat1"), dao.create("app", a_record("cat2"))):
        with pytest.raises(UnavailableError):
            await asked
    with serve(engine, manner, port):
        assert await dao.create("app", a_record("cat2")) > number
        await dao.close()


@pytest.mark.parametrize("error", [SSL.ZeroReturnError(), SSL.SysCallError(104, "reset")])
def test_an_encrypted_line_that_ends_while_it_is_used_is_out_of_reach(error: SSL.Error) -> None:
    assert type(MEANINGS.as_para_error(error, "sqlserver://h")) is UnavailableError
    assert not MEANINGS.is_about_one(error)


async def test_an_answer_that_does_not_come_is_given_up(
    engine: Engine, address: SqlServerAddress
) -> None:
    async with SqlServerDAO(address, timeout_ms=_LIMIT_MS) as dao:
        number = await dao.create("app", a_record("cat1"))
    dao = SqlServerDAO(address, timeout_ms=2000)
    await dao.open()
    with engine.silent():
        with pytest.raises(UnavailableError):
            await dao.read("app", "cat1")
        with pytest.raises(UnavailableError):
            await dao.create("app", a_record("cat2"))
    await dao.close()
    async with SqlServerDAO(address, timeout_ms=_LIMIT_MS) as dao:
        assert [record.change for record in await dao.read_page("app")] == [number]


async def test_statements_stay_out_of_the_log(
    address: SqlServerAddress, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with SqlServerDAO(address, timeout_ms=_LIMIT_MS) as dao:
            await dao.create("app", a_record("cat1"))
    assert not [record for record in caplog.records if record.name.startswith("pytds")]


async def test_a_write_that_loses_a_deadlock_is_repeated(
    engine: Engine, address: SqlServerAddress
) -> None:
    async with SqlServerDAO(address, timeout_ms=_LIMIT_MS) as dao:
        await dao.create("app", a_record("cat1"))
        engine.troubles += [("INSERT INTO objects_shared", 1205), ("UPDATE objects_apps", 1205)]
        number = await dao.create("app", a_record("cat2"))
        assert [change.number for change in await dao.changes("app", 0)][-1] == number
        assert not engine.troubles


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (9002, StorageFullError),
        (1105, StorageFullError),
        (1222, UnavailableError),
        (40613, UnavailableError),
        (229, BackendError),
        (2627, BackendError),
    ],
)
async def test_a_write_that_fails_stores_nothing(
    engine: Engine, address: SqlServerAddress, number: int, kind: type[ParaError]
) -> None:
    async with SqlServerDAO(address, timeout_ms=_LIMIT_MS) as dao:
        first = await dao.create("app", a_record("cat1"))
        engine.troubles.append(("UPDATE objects_apps SET counter", number))
        with pytest.raises(kind) as caught:
            await dao.create_all("app", [a_record("cat2"), a_record("cat3")])
        assert type(caught.value) is kind
        assert [record.change for record in await dao.read_page("app")] == [first]
        assert [change.number for change in await dao.changes("app", 0)] == [first]


async def test_one_bad_write_of_many_fails_alone(engine: Engine, address: SqlServerAddress) -> None:
    long = "\x01" * 900  # its key is longer than an index of SQL Server takes
    async with SqlServerDAO(address, timeout_ms=_LIMIT_MS) as dao:
        answers = await asyncio.gather(
            *(dao.create("app", a_record(key)) for key in ("a", "b", long, "c")),
            return_exceptions=True,
        )
        assert [isinstance(answer, int) for answer in answers] == [True, True, False, True]
        assert isinstance(answers[2], BackendError)
        assert [record.id for record in await dao.read_page("app")] == ["a", "b", "c"]
