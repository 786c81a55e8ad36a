"""Addresses of SQL Server."""

from __future__ import annotations

import logging

import pytest

from para_core.errors import ConfigError
from para_dao_sql.address import SqlServerAddress, Tls, parse_address
from para_dao_sql.settings import SqlSettings

_CHECKED = Tls(checks_certificate=True, checks_name=True)


def parsed(url: str) -> SqlServerAddress:
    found = parse_address(SqlSettings(url=url), "")
    assert isinstance(found, SqlServerAddress)
    return found


@pytest.mark.parametrize(
    ("url", "host", "port", "database"),
    [
        ("sqlserver://h:1433;databaseName=x", "h", 1433, "x"),
        ("jdbc:sqlserver://h;databaseName=x;", "h", 1433, "x"),
        ("JDBC:SQLServer://db.example.org:14330;Database=X", "db.example.org", 14330, "X"),
        ("sqlserver://;serverName=h;port=5;database=x", "h", 5, "x"),
        ("sqlserver://h\\instance:5;databaseName=x", "h", 5, "x"),
        ("sqlserver://h;instanceName=i;portNumber=5;databaseName=x", "h", 5, "x"),
        ("sqlserver://[::1]:5;databaseName=x", "::1", 5, "x"),
        ("sqlserver://;serverName=3ffe::1;databaseName=x", "3ffe::1", 1433, "x"),
        ("sqlserver://h:5/x", "h", 5, "x"),
        ("sqlserver://h", "h", 1433, "para"),
        ("sqlserver:x", "localhost", 1433, "x"),
        ("sqlserver://h;databaseName={a;b}}c}", "h", 1433, "a;b}c"),
    ],
)
def test_addresses_of_sql_server(url: str, host: str, port: int, database: str) -> None:
    assert parsed(url) == SqlServerAddress(host, port, database, "user", "secret", _CHECKED)


@pytest.mark.parametrize(
    "url",
    [
        "sqlserver://h:1;databaseName=db;user=u;password={p;=&}",
        "sqlserver://h:1;userName=u;databaseName=db;PASSWORD={p;=&}",
        "sqlserver://u:p%3B%3D%26@h:1/db",
    ],
)
def test_who_signs_in_stands_before_the_host_or_behind_it(url: str) -> None:
    found = parsed(url)
    assert (found.user, found.password) == ("u", "p;=&")
    assert found.shown == "sqlserver://h:1/db"
    assert "p;=&" not in repr(found)


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("", _CHECKED),
        ("encrypt=true", _CHECKED),
        ("encrypt=Mandatory;trustServerCertificate=false", _CHECKED),
        ("encrypt=false", None),
        ("encrypt=optional;trustServerCertificate=true", None),
        (
            "encrypt=true;serverCertificate=/c.pem",
            Tls(checks_certificate=True, checks_name=True, ca="/c.pem"),
        ),
        (
            "trustServerCertificate=true;serverCertificate=file:/c.pem",
            Tls(checks_certificate=True, checks_name=True, ca="/c.pem"),
        ),
    ],
)
def test_encryption_as_the_jdbc_driver_asks_for_it(given: str, understood: Tls | None) -> None:
    assert parsed(f"sqlserver://h;databaseName=x;{given}").tls == understood


def test_the_certificate_may_have_another_name() -> None:
    found = parsed("sqlserver://10.0.0.5;databaseName=x;hostNameInCertificate=db.example.org")
    assert (found.host, found.certificate_name) == ("10.0.0.5", "db.example.org")


def test_other_properties_are_ignored_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        parsed("sqlserver://h;databaseName=x;loginTimeout=30;encrypt=false")
    assert [vars(record)["parameter"] for record in caplog.records] == ["logintimeout"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlserver://h\\instance;databaseName=x", "names an instance without its port"),
        ("sqlserver://h;instanceName=i;databaseName=x", "names an instance without its port"),
        ("sqlserver://h:port;databaseName=x", "the port in para.sql.url is 'port'"),
        ("sqlserver://h;databaseName=x;integratedSecurity=true", "asks for integratedsecurity"),
        ("sqlserver://h;authentication=ActiveDirectoryDefault", "asks for authentication"),
        ("sqlserver://h;encrypt=strict", "encrypt in para.sql.url is 'strict'"),
        ("sqlserver://h;trustServerCertificate=true", "the driver encrypts only what it can check"),
    ],
)
def test_what_cannot_be_had_stops_the_start(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"para\.sql\.url") as caught:
        parsed(url)
    assert words in str(caught.value)
