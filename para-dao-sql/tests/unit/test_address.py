"""Addresses of databases."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from para_core.errors import ConfigError
from para_dao_sql.address import (
    MariaDBAddress,
    PostgresAddress,
    SqliteAddress,
    Tls,
    embedded_address,
    parse_address,
)
from para_dao_sql.settings import SqlSettings


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("", "./data/para.db"),
        ("  ", "./data/para.db"),
        ("sqlite:/var/lib/para.db", "/var/lib/para.db"),
        ("jdbc:sqlite:/var/lib/para.db", "/var/lib/para.db"),
        ("JDBC:SQLite:para.db", "para.db"),
        ("sqlite:///var/lib/para.db", "/var/lib/para.db"),
        ("sqlite:////var/lib/para.db", "/var/lib/para.db"),
        ("sqlite:file:/a/b.db?cache=shared", "/a/b.db"),
        ("sqlite:C 1/ž.db", "C 1/ž.db"),
    ],
)
def test_addresses_of_sqlite_name_a_file(url: str, file: str) -> None:
    assert parse_address(SqlSettings(url=url), "./data") == SqliteAddress(Path(file))


@pytest.mark.parametrize(("folder", "file"), [("/srv", "/srv/para.db"), ("", "data/para.db")])
def test_the_embedded_database_is_in_its_folder(folder: str, file: str) -> None:
    assert embedded_address(folder) == SqliteAddress(Path(file))


@pytest.mark.parametrize(
    ("url", "shown", "user", "password"),
    [
        ("postgresql://h/db", "postgresql://h/db", "user", "secret"),
        ("jdbc:postgresql://h:5433/db", "postgresql://h:5433/db", "user", "secret"),
        ("postgres://u:p%40ss@h/db", "postgresql://h/db", "u", "p@ss"),
        ("postgresql://u@h/db", "postgresql://h/db", "u", "secret"),
        ("postgresql://h/db?user=u&password=p%26", "postgresql://h/db", "u", "p&"),
        ("postgresql:db", "postgresql://localhost/db", "user", "secret"),
        ("postgresql:/", "postgresql://localhost/para", "user", "secret"),
        ("postgresql://a:1,b:2/db", "postgresql://a:1,b:2/db", "user", "secret"),
        ("postgresql://[::1]:5/db", "postgresql://[::1]:5/db", "user", "secret"),
        ("postgresql://h/my%20db", "postgresql://h/my%20db", "user", "secret"),
    ],
)
def test_addresses_of_postgresql(url: str, shown: str, user: str, password: str) -> None:
    found = parse_address(SqlSettings(url=url), "")
    assert found == PostgresAddress(shown, user, password)


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("sslmode=require", "sslmode=require"),
        ("ssl=true", "sslmode=verify-full"),
        ("ssl=true&sslmode=require", "sslmode=require"),
        ("ssl=false", ""),
        ("currentSchema=my_schema", "search_path=my_schema"),
        ("ApplicationName=para", "application_name=para"),
    ],
)
def test_parameters_of_the_jdbc_driver_are_understood(given: str, understood: str) -> None:
    found = parse_address(SqlSettings(url=f"jdbc:postgresql://h/db?{given}"), "")
    assert isinstance(found, PostgresAddress)
    assert found.url == "postgresql://h/db" + (f"?{understood}" if understood else "")


@pytest.mark.parametrize(
    ("url", "host", "port", "database"),
    [
        ("mysql://h:3307/db", "h", 3307, "db"),
        ("jdbc:mysql://h/db?serverTimezone=UTC", "h", 3306, "db"),
        ("jdbc:mariadb://h/db", "h", 3306, "db"),
        ("JDBC:MariaDB://H/Db", "h", 3306, "Db"),
        ("mariadb:db", "localhost", 3306, "db"),
        ("mysql://h", "h", 3306, "para"),
        ("mysql://h/my%20db", "h", 3306, "my db"),
        ("mysql://[::1]:5/db", "::1", 5, "db"),
    ],
)
def test_addresses_of_mariadb_and_mysql(url: str, host: str, port: int, database: str) -> None:
    found = parse_address(SqlSettings(url=url), "")
    assert found == MariaDBAddress(host, port, database, "user", "secret")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:p%26%40@h:1/db",
        "mariadb://h:1/db?user=u&password=p%26%40",
        "jdbc:mysql://x:y@h:1/db?User=u&PASSWORD=p%26%40",
    ],
)
def test_who_signs_in_at_mariadb_stands_before_the_host_or_behind_the_database(url: str) -> None:
    found = parse_address(SqlSettings(url=url), "")
    assert isinstance(found, MariaDBAddress)
    assert (found.user, found.password) == ("u", "p&@")
    assert found.shown == "mariadb://h:1/db"
    assert "p&@" not in repr(found)


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("", None),
        ("sslMode=DISABLED", None),
        ("sslMode=preferred", None),
        ("useSSL=false", None),
        ("sslMode=REQUIRED", Tls()),
        ("sslMode=trust", Tls()),
        ("useSSL=true", Tls()),
        ("sslMode=VERIFY_CA", Tls(checks_certificate=True)),
        ("useSSL=true&verifyServerCertificate=true", Tls(checks_certificate=True)),
        ("useSsl=true&serverSslCert=/ca.pem", Tls(checks_certificate=True, ca="/ca.pem")),
        ("sslMode=VERIFY_IDENTITY", Tls(checks_certificate=True, checks_name=True)),
        (
            "sslMode=verify-full&serverSslCert=file:/ca.pem",
            Tls(checks_certificate=True, checks_name=True, ca="/ca.pem"),
        ),
    ],
)
def test_encryption_as_the_jdbc_drivers_of_mysql_and_mariadb_ask_for_it(
    given: str, understood: Tls | None
) -> None:
    found = parse_address(SqlSettings(url=f"jdbc:mysql://h/db?{given}"), "")
    assert isinstance(found, MariaDBAddress)
    assert found.tls == understood


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://h/db?prepareThreshold=0",
        "sqlite:/a.db?journal_mode=OFF",
        "mysql://h/db?serverTimezone=UTC",
    ],
)
def test_other_parameters_are_ignored_with_a_warning(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        parse_address(SqlSettings(url=url), "")
    (record,) = caplog.records
    assert record.getMessage() == "parameter of para.sql.url has no meaning here"


def test_the_password_is_not_shown() -> None:
    found = parse_address(SqlSettings(url="postgresql://u:hidden@h/db"), "")
    assert "hidden" not in repr(found)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("jdbc:db2://h:50000/db", "names db2; this version has SQLite"),
        ("jdbc:redshift://h:5439/db", "names redshift; this version has SQLite"),
        ("mysql://h1:3306,h2:3306/db", "has to name one host, as in mysql://host:3306/db"),
        ("mariadb://h:port/db", "has to name one host"),
        ("jdbc:mysql:replication://h1,h2/db", "asks for 'replication'; name one host"),
        ("jdbc:mariadb:sequential://h1,h2/db", "asks for 'sequential'; name one host"),
        ("mysql://h/db?sslMode=often", "sslMode in para.sql.url is 'often'; it may be disabled"),
        ("postgresql:me:hidden@h/db", "has no // in front of its login; write postgresql://"),
        ("mysql:me:hidden@h/db", "has no // in front of its login; write mysql://"),
        ("mysql", "is no address of a database"),
        ("localhost/para", "is no address of a database"),
        ("postgresql", "is no address of a database"),
        ("sqlite:", "names no file"),
        ("sqlite::memory:", "MemoryDAO"),
    ],
)
def test_an_address_that_cannot_be_used_stops_the_start(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"para\.sql\.url") as caught:
        parse_address(SqlSettings(url=url), "")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hidden" not in str(caught.value)
