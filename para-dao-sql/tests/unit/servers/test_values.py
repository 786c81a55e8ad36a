"""Values on their way to SQL Server and Oracle and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_dao_sql.oracle import values as oracle
from para_dao_sql.servers.binding import bind, insert_into, portions_of
from para_dao_sql.sqlserver import values as sqlserver

_BYTES = st.lists(st.sampled_from([0, 1, 2, 3, 97, 255]), max_size=8).map(bytes)


@given(_BYTES)
def test_a_value_comes_back_as_it_was(value: bytes) -> None:
    assert sqlserver.received(sqlserver.sent(value)) == value
    assert oracle.received(oracle.sent(value)) == value


@given(_BYTES, _BYTES)
def test_values_keep_their_order(one: bytes, other: bytes) -> None:
    assert (sqlserver.sent(one) < sqlserver.sent(other)) == (one < other)
    there, here = oracle.sent(one), oracle.sent(other)
    assert isinstance(there, bytes)
    assert isinstance(here, bytes)
    assert (there < here) == (one < other)


@given(_BYTES)
def test_nothing_is_sent_that_the_product_takes_for_something_else(value: bytes) -> None:
    assert b"\0" not in sqlserver.sent(value)
    assert oracle.sent(value) != b""


@pytest.mark.parametrize("value", [b'{"id":"cat1"}', b"text", "ž".encode()])
def test_usual_values_stay_as_they_are(value: bytes) -> None:
    assert sqlserver.sent(value) is value
    assert oracle.sent(value) is value


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        (b"a", "VARBINARY(8000)"),
        (b"a" * 8001, "VARBINARY(MAX)"),
        (b"\x00" * 4001, "VARBINARY(MAX)"),
        (7, "BIGINT"),
        (True, "BIGINT"),
        (2**62, "BIGINT"),
        ("create", "NVARCHAR(4000)"),
    ],
)
def test_values_for_sql_server_have_types(value: object, declared: str) -> None:
    assert sqlserver.parameter(value).type.get_declaration() == declared


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(TypeError, match="no value of SQL: float"):
        sqlserver.parameter(1.5)


@pytest.mark.parametrize(
    ("query", "values", "text", "flat"),
    [
        ("a = $1 AND b > $2", [1, b"x"], "a = @P1 AND b > @P2", [1, b"x"]),
        ("b > $2 AND a = $1", [1, 2], "b > @P2 AND a = @P1", [1, 2]),
        ("a = $1, b = $1", [7], "a = @P1, b = @P1", [7]),
        ("a = $1 LIMIT $3", [1, "unused", 3], "a = @P1 LIMIT @P2", [1, 3]),
        ("a IN ($1)", [[1]], "a IN (@P1)", [1]),
        ("a IN ($1)", [[1, 2, 3]], "a IN (@P1, @P2, @P3, @P4)", [1, 2, 3, 3]),
        ("a IN ($2) AND b = $1", [0, [1, 2]], "a IN (@P2, @P3) AND b = @P1", [0, 1, 2]),
    ],
)
def test_values_stand_beside_the_statement(
    query: str, values: list[object], text: str, flat: list[object]
) -> None:
    assert bind(query, values, "@P") == (text, flat)


def test_rows_go_in_portions_of_so_many_and_so_many_bytes() -> None:
    rows = [(1, b"a" * 40), (2, b"b" * 40), (3, b"c" * 40), (4, b"d" * 500), (5, b""), (6, b"")]
    sizes = [[row[0] for row in part] for part in portions_of(rows, 2, 100)]
    assert sizes == [[1, 2], [3], [4], [5, 6]]
    statement = "INSERT INTO a (b, c) VALUES (@P1, @P2), (@P3, @P4)"
    assert insert_into("a", ("b", "c"), "@P", 2) == statement
