"""Values in statements of MariaDB and MySQL."""

from __future__ import annotations

import pytest

from para_dao_sql.mariadb.literals import literal, render


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (7, b"7"),
        (-(2**63), b"-9223372036854775808"),
        (True, b"1"),
        (None, b"NULL"),
        ("it's", b"'it\\'s'"),
        (b"", b"_binary''"),
        (b'\x00\xff\n"', b"_binary'\x00\xff\n\"'"),
        (b"\\' OR 1=1 -- ", b"_binary'\\\\\\' OR 1=1 -- '"),
        ([1, 2], b"1,2"),
        ((1, b"a"), b"(1,_binary'a')"),
        ([(1, None), (2, "x")], b"(1,NULL),(2,'x')"),
    ],
)
def test_values_as_sql(value: object, written: bytes) -> None:
    assert literal(value) == written


def test_places_have_numbers_and_values_are_not_looked_into() -> None:
    made = render("SELECT $2, $1 WHERE a IN ($3) AND b = $1", (1, b"$1", [b"x", b"$2"]))
    assert made == b"SELECT _binary'$1', 1 WHERE a IN (_binary'x',_binary'$2') AND b = 1"


def test_other_values_are_a_mistake() -> None:
    with pytest.raises(TypeError, match="no value of SQL: float"):
        literal(1.5)
