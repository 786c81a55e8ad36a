"""Names of fields, and values that BSON can hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_dao_mongodb.fields import UnfitError, escaped, escaped_name, plain, plain_name

NAMES = st.text(st.characters(exclude_categories=["Cs"])) | st.text("$.B:Base64\x00")


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("", ""),
        ("   KEY", "   KEY"),
        ("test-key", "test-key"),
        ("a$", "a$"),
        ("$test.key", "Base64:test_key:JHRlc3Qua2V5"),
        ("$$$test.key", "Base64:test_key:JCQkdGVzdC5rZXk="),
        ("test.key.two$", "Base64:test_key_two$:dGVzdC5rZXkudHdvJA=="),
        ("Base64:x:eA==", "Base64:Base64:x:eA==:QmFzZTY0Ong6ZUE9PQ=="),
    ],
)
def test_names_are_escaped_as_the_original_does(name: str, stored: str) -> None:
    assert escaped_name(name) == stored
    assert plain_name(stored) == name


@given(NAMES)
def test_every_name_comes_back(name: str) -> None:
    stored = escaped_name(name)
    assert plain_name(stored) == name
    assert "." not in stored
    assert "\0" not in stored
    assert not stored.startswith("$")


@given(NAMES, NAMES)
def test_two_names_never_become_one(one: str, two: str) -> None:
    assert (escaped_name(one) == escaped_name(two)) == (one == two)


def test_names_are_escaped_at_any_depth() -> None:
    value = {"a": [{"b.c": {"$d": [[{".": 1}]]}}]}
    stored = {"a": [{"Base64:b_c:Yi5j": {"Base64:d:JGQ=": [[{"Base64:_:Lg==": 1}]]}}]}
    assert escaped(value) == stored
    assert plain(stored) == value


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, [{"a": 10**30}]])
def test_numbers_beyond_64_bits_do_not_fit(value: object) -> None:
    with pytest.raises(UnfitError):
        escaped(value)


def test_a_value_that_is_too_deep_does_not_fit() -> None:
    value: object = 1
    for _ in range(90):
        value = [value]
    assert plain(escaped(value)) == value
    with pytest.raises(UnfitError):
        escaped({"a": value})
