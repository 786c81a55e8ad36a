"""Addresses of Oracle."""

from __future__ import annotations

import oracledb
import pytest

from para_core.errors import ConfigError
from para_dao_sql.address import OracleAddress, parse_address
from para_dao_sql.settings import SqlSettings

_AT_LENGTH = (
    "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=h)(PORT=7))(CONNECT_DATA=(SERVICE_NAME=x@y)))"
)


def parsed(url: str, user: str = "user") -> OracleAddress:
    found = parse_address(SqlSettings(url=url, user=user), "")
    assert isinstance(found, OracleAddress)
    return found


@pytest.mark.parametrize(
    ("url", "host", "port", "service", "sid"),
    [
        ("oracle:thin:@h:1521/XE", "h", 1521, "XE", None),
        ("jdbc:oracle:thin:@//h:1522/db.example.org", "h", 1522, "db.example.org", None),
        ("JDBC:Oracle:Thin:@h/XE", "h", 1521, "XE", None),
        ("oracle:thin:@h:1521:XE", "h", 1521, None, "XE"),
        ("oracle:thin:@[::1]:1521/XE", "::1", 1521, "XE", None),
        ("oracle:thin:@[::1]:1521:XE", "::1", 1521, None, "XE"),
        ("oracle:thin:@tcps://h:2484/XE?ssl_server_dn_match=on", "h", 2484, "XE", None),
        ("oracle://h:1521/XE", "h", 1521, "XE", None),
        (
            f"oracle:thin:@{_AT_LENGTH}",
            *("h", 7, "x@y", None),
        ),
    ],
)
def test_the_driver_understands_addresses_as_they_were_meant(
    url: str, host: str, port: int, service: str | None, sid: str | None
) -> None:
    understood = oracledb.ConnectParams()
    understood.parse_connect_string(parsed(url).dsn)
    assert (understood.host, understood.port) == (host, port)
    assert (understood.service_name, understood.sid) == (service, sid)


def test_an_alias_stays_an_alias() -> None:
    assert parsed("oracle:thin:@sales") == OracleAddress("sales", "user", "secret")


@pytest.mark.parametrize(
    "url",
    [
        "oracle:thin:u/p@h:1/db",
        'oracle:thin:u/"p"@//h:1/db',
        "oracle://u:p@h:1/db",
    ],
)
def test_who_signs_in_stands_before_the_host(url: str) -> None:
    found = parsed(url)
    assert found == OracleAddress("h:1/db", "u", "p")
    assert found.shown == "oracle:thin:@h:1/db"
    assert "'p'" not in repr(found)


@pytest.mark.parametrize("user", ["para as sysdba", "para AS SYSDBA "])
def test_a_user_may_sign_in_as_sysdba(user: str) -> None:
    found = parsed("oracle:thin:@h/db", user)
    assert (found.user, found.is_sysdba) == ("para", True)
    assert not parsed("oracle:thin:@h/db", "sysdba").is_sysdba


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("oracle:oci:@h:1521/XE", "asks for the driver 'oci'"),
        ("oracle:thin:", "names no database of Oracle"),
        ("oracle:thin:@", "names no database of Oracle"),
        ("oracle:thin:@///", "names no database of Oracle"),
        ("oracle:", "asks for the driver ''"),
        ("oracle:para/hidden@h:1521/XE", "names no driver of Oracle; write oracle:thin:"),
    ],
)
def test_what_cannot_be_had_stops_the_start(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"para\.sql\.url") as caught:
        parsed(url)
    assert words in str(caught.value)
    assert "hidden" not in str(caught.value)
