from __future__ import annotations

import base64

import pytest

from para_server.signin.totp import STEP_SEC, code_at, matching_step, new_key

RFC_KEY = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
    ids=str,
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert code_at(RFC_KEY, seconds // STEP_SEC) == code
    assert matching_step(RFC_KEY, code, seconds) == seconds // STEP_SEC


def test_keys_are_read_as_people_write_them() -> None:
    spaced = " ".join(RFC_KEY[n : n + 4] for n in range(0, len(RFC_KEY), 4)).lower()
    assert code_at(spaced, 1) == "287082"
    assert matching_step(RFC_KEY, " 287 082 ", 59) == 1


@pytest.mark.parametrize("key", ["", "!", "1", "  "], ids=["empty", "a mark", "a digit", "blank"])
def test_what_is_no_key_has_no_codes(key: str) -> None:
    assert code_at(key, 1) == ""
    assert matching_step(key, "000000", 59) is None


@pytest.mark.parametrize("code", ["", "28708", "2870820", "28708x", "²87082", "-87082"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert matching_step(RFC_KEY, code, 59) is None


def test_a_used_step_and_those_before_it_match_no_more() -> None:
    assert matching_step(RFC_KEY, "287082", 59, after=0) == 1
    assert matching_step(RFC_KEY, "287082", 59, after=1) is None


def test_new_keys_differ_and_have_160_bits() -> None:
    assert new_key() != new_key()
    assert len(base64.b32decode(new_key())) == 20
