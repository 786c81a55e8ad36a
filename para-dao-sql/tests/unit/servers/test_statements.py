"""What is said to SQL Server and to Oracle, as it stands in the lists beside the tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from para_dao_sql.address import OracleAddress, SqlServerAddress
from para_dao_sql.oracle import OracleDAO
from para_dao_sql.sqlserver import SqlServerDAO

from ...stand_in.engine import Engine  # noqa: TID252 - tests have no absolute names
from ...stand_in.grammar import (  # noqa: TID252
    ORACLE,
    SQL_SERVER,
    Grammar,
    NotInDialectError,
    normal,
    read,
)
from ...stand_in.oracle import stand_in_for_oracle  # noqa: TID252
from ...stand_in.tds import serve  # noqa: TID252
from ...stand_in.walk import listed, said_by, walk  # noqa: TID252

_LIMIT_MS = 60_000


async def test_sql_server_hears_what_its_list_has(tmp_path: Path) -> None:
    engine = Engine(SQL_SERVER, tmp_path / "stand-in.db")
    with serve(engine) as port:
        address = SqlServerAddress("127.0.0.1", port, "para", "user", "secret")
        await walk(SqlServerDAO(address, timeout_ms=_LIMIT_MS))
    assert said_by(engine) == listed("sqlserver", said_by(engine))


async def test_oracle_hears_what_its_list_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(ORACLE, tmp_path / "stand-in.db")
    stand_in_for_oracle(monkeypatch, engine)
    await walk(OracleDAO(OracleAddress("h/db", "user", "secret"), timeout_ms=_LIMIT_MS))
    assert said_by(engine) == listed("oracle", said_by(engine))


@pytest.mark.parametrize("product", ["sqlserver", "oracle"])
def test_names_and_sizes_are_those_of_the_product(product: str) -> None:
    text = "\n".join(listed(product))
    names = set(re.findall(r"\bobjects_\w+", text))
    assert {"objects_apps", "objects_shared", "objects_changes", "objects_format"} <= names
    types = {"sqlserver": "VARBINARY(MAX)", "oracle": "BLOB"}
    assert types[product] in text


@pytest.mark.parametrize(
    ("grammar", "statement"),
    [
        pytest.param(grammar, statement, id=f"{grammar.name}: {statement[:40]}")
        for grammar in (SQL_SERVER, ORACLE)
        for statement in [
            "SELECT a FROM b LIMIT 3",
            "INSERT INTO a VALUES (1) ON CONFLICT (a) DO NOTHING",
            "INSERT INTO a VALUES (1) RETURNING a",
            "SELECT a FROM b WHERE a = ANY(c)",
            "SELECT a FROM b WHERE a = $1",
            "SELECT a::text FROM b",
            "SELECT FROM WHERE",
            "SELECT select FROM b",
            "SELECT a.table FROM a",
            "SHOW TABLES LIKE 'a'",
            "SELECT " + "a" * 129 + " FROM b",
            "SELECT a FROM b WHERE a IN (1" + ", 1" * 2200 + ")",
        ]
    ],
)
def test_what_the_dialect_does_not_have_is_found(grammar: Grammar, statement: str) -> None:
    with pytest.raises(NotInDialectError):
        read(grammar, statement)


@pytest.mark.parametrize(
    ("grammar", "statement"),
    [
        (SQL_SERVER, "SELECT a FROM b FOR UPDATE"),
        (SQL_SERVER, "SELECT GREATEST(a, 1) FROM b"),
        (SQL_SERVER, "SELECT " + ", ".join(f"@P{number}" for number in range(1, 2100))),
        (ORACLE, "SELECT TOP 3 a FROM b"),
        (ORACLE, "SELECT a FROM b WITH (UPDLOCK)"),
        (ORACLE, "SELECT a FROM b WHERE a = N'a'"),
        (ORACLE, "CREATE TABLE a (b BIGINT)"),
        (ORACLE, "SELECT number FROM a"),
        (SQL_SERVER, "SELECT a.key FROM a"),
        (ORACLE, "LOCK TABLE a IN SHARE MODE"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_words_of_the_other_product_are_found(grammar: Grammar, statement: str) -> None:
    with pytest.raises(NotInDialectError):
        read(grammar, statement)


def test_a_list_of_values_stands_in_the_list_as_its_first() -> None:
    assert normal(SQL_SERVER, "a IN (@P1, @P2, @P3) AND b = @P4") == "a IN (@P1, …) AND b = @P4"
    assert normal(SQL_SERVER, "a IN (@P2)") == "a IN (@P2, …)"
    insert = "INSERT INTO a (b, c) VALUES (@P1, @P2), (@P3, @P4)"
    assert normal(SQL_SERVER, insert) == "INSERT INTO a (b, c) VALUES (@P1, …)"
    assert normal(ORACLE, "INSERT INTO a (b, c) VALUES (:p1, :p2)").endswith("VALUES (:p1, …)")
