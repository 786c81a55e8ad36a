"""What goes wrong between the DAO and Oracle: the real driver up to the login, then its errors."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import oracledb
import pytest
from oracledb.errors import _Error as DriverError

from para_core.errors import (
    BackendError,
    ConfigError,
    ParaError,
    StorageFullError,
    UnavailableError,
)
from para_core.testing.dao import a_record
from para_dao_sql.address import OracleAddress, parse_address
from para_dao_sql.oracle import OracleDAO
from para_dao_sql.oracle.errors import MEANINGS
from para_dao_sql.settings import SqlSettings

from ..stand_in.engine import Engine  # noqa: TID252 - tests have no absolute names
from ..stand_in.grammar import ORACLE  # noqa: TID252
from ..stand_in.oracle import stand_in_for_oracle  # noqa: TID252

_LIMIT_MS = 60_000
_SHORT_MS = 400
_REFUSE = 4  # the kind of a packet of TNS


def at(port: int, *, sid: bool = False) -> OracleAddress:
    joint = ":" if sid else "/"
    url = f"jdbc:oracle:thin:@127.0.0.1:{port}{joint}XE"
    found = parse_address(SqlSettings(url=url, user="para", password="hidden"), "")  # noqa: S106
    assert isinstance(found, OracleAddress)
    return found


async def opened_error(address: OracleAddress, limit_ms: int = _LIMIT_MS) -> ParaError:
    """Return the error that stops the start."""
    with pytest.raises(ParaError) as caught:
        await OracleDAO(address, timeout_ms=limit_ms).open()
    assert "hidden" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "http" not in str(caught.value)
    return caught.value


@asynccontextmanager
async def a_listener(answer: bytes) -> AsyncIterator[int]:
    """Return the port of something that answers each beginning in the same way, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def refusal(number: int) -> bytes:
    """Return what a listener of Oracle says when it passes nobody on."""
    said = (
        f"(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR={number})(ERROR_STACK=(ERROR=(CODE={number}))))"
    )
    body = bytes([0x22, 0]) + len(said).to_bytes(2, "big") + said.encode()
    return (len(body) + 8).to_bytes(2, "big") + bytes([0, 0, _REFUSE, 0, 0, 0]) + body


@pytest.mark.parametrize(("number", "sid"), [(12514, False), (12505, True)], ids=["service", "SID"])
async def test_a_name_that_the_listener_does_not_know(number: int, *, sid: bool) -> None:
    async with a_listener(refusal(number)) as port:
        error = await opened_error(at(port, sid=sid))
    assert isinstance(error, ConfigError)
    assert f"ORA-{number}" in str(error)
    assert "check para.sql.url" in str(error)


async def test_a_listener_that_closes_the_line() -> None:
    async with a_listener(b"") as port:
        error = await opened_error(at(port))
    assert isinstance(error, UnavailableError)
    assert "is para.sql.url right?" in str(error)


async def test_nobody_listens() -> None:
    async with a_listener(b"") as port:
        pass
    error = await opened_error(at(port))
    assert isinstance(error, UnavailableError)
    assert "is para.sql.url right?" in str(error)


async def test_a_listener_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        error = await opened_error(at(listener.getsockname()[1]), _SHORT_MS)
    assert isinstance(error, UnavailableError)


async def test_an_alias_without_its_file_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracledb.defaults, "config_dir", None)
    error = await opened_error(OracleAddress("sales", "para", "hidden"))
    assert isinstance(error, ConfigError)
    assert "check para.sql.url" in str(error)


# ---- errors of a server, in the driver's own classes -------------------------------------------


def of_server(code: int, words: str = "said by the server") -> oracledb.DatabaseError:
    made = DriverError(message=f"ORA-{code:05}: {words}", code=code)
    error = made.exc_type(made)
    assert isinstance(error, oracledb.DatabaseError)
    return error


@pytest.mark.parametrize(
    ("code", "kind", "start"),
    [
        (1, BackendError, BackendError),
        (54, UnavailableError, UnavailableError),
        (60, UnavailableError, UnavailableError),
        (942, BackendError, ConfigError),
        (1017, BackendError, ConfigError),
        (1034, UnavailableError, UnavailableError),
        (1555, UnavailableError, UnavailableError),
        (1653, StorageFullError, StorageFullError),
        (3113, UnavailableError, UnavailableError),
        (12541, UnavailableError, UnavailableError),
        (28000, BackendError, ConfigError),
        (29024, UnavailableError, ConfigError),
        (30006, UnavailableError, UnavailableError),
        (30036, StorageFullError, StorageFullError),
    ],
)
def test_codes_of_oracle_become_errors_of_ours(
    code: int, kind: type[ParaError], start: type[ParaError]
) -> None:
    error = of_server(code)
    assert type(MEANINGS.as_para_error(error, "oracle:thin:@h/db")) is kind
    assert type(MEANINGS.as_start_error(error, "oracle:thin:@h/db")) is start
    assert f"ORA-{code:05}" in str(MEANINGS.as_start_error(error, "p")) or start is StorageFullError


@pytest.mark.parametrize("code", ["DPY-1001: not connected", "DPY-4011: the line was closed"])
def test_a_line_that_the_driver_has_lost_is_out_of_reach(code: str) -> None:
    error = oracledb.InterfaceError(code)
    assert type(MEANINGS.as_para_error(error, "oracle:thin:@h/db")) is UnavailableError


async def test_a_write_that_loses_a_deadlock_is_repeated_and_others_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(ORACLE, tmp_path / "stand-in.db")
    stand_in_for_oracle(monkeypatch, engine)
    async with OracleDAO(OracleAddress("h/db", "u", "p"), timeout_ms=_LIMIT_MS) as dao:
        first = await dao.create("app", a_record("cat1"))
        engine.troubles.append(("INSERT INTO objects_changes", 60))
        second = await dao.create("app", a_record("cat2"))
        engine.troubles.append(("UPDATE objects_apps SET counter", 1653))
        with pytest.raises(StorageFullError):
            await dao.create("app", a_record("cat3"))
        assert [record.change for record in await dao.read_page("app")] == [first, second]
        assert [change.number for change in await dao.changes("app", 0)] == [first, second]
    assert not engine.troubles


async def test_tables_that_another_server_is_making_are_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(ORACLE, tmp_path / "stand-in.db")
    stand_in_for_oracle(monkeypatch, engine)
    address = OracleAddress("h/db", "u", "p")
    some = [OracleDAO(address, timeout_ms=_LIMIT_MS) for _ in range(4)]
    await asyncio.gather(*(dao.open() for dao in some))
    numbers = [await dao.create("app", a_record("cat1")) for dao in some]
    assert numbers == sorted(set(numbers))
    for dao in some:
        await dao.close()


async def test_an_answer_that_does_not_come_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(ORACLE, tmp_path / "stand-in.db")
    stand_in_for_oracle(monkeypatch, engine)
    async with OracleDAO(OracleAddress("h/db", "u", "p"), timeout_ms=_LIMIT_MS) as dao:
        number = await dao.create("app", a_record("cat1"))
    impatient = OracleDAO(OracleAddress("h/db", "u", "p"), timeout_ms=2000)
    await impatient.open()
    with engine.silent():
        for asked in (impatient.read("app", "cat1"), impatient.create("app", a_record("cat2"))):
            with pytest.raises(UnavailableError):
                await asked
    await impatient.close()
    async with OracleDAO(OracleAddress("h/db", "u", "p"), timeout_ms=_LIMIT_MS) as dao:
        assert [record.change for record in await dao.read_page("app")] == [number]
