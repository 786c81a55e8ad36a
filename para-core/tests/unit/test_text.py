"""Cleaning, shortening and encoding texts."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_core.currencies import CODES, currency_code
from para_core.text import (
    DEFAULT_PICTURE,
    abbreviate,
    base64_decode,
    base64_encode,
    base64_url_encode,
    clean_user_name,
    grouped_number,
    is_blank,
    no_spaces,
    path_encode,
    picture_of,
    strip_and_trim,
    text_of,
    url_decode,
    url_encode,
    utf16_length,
)


@pytest.mark.parametrize(
    ("text", "replacement", "result"),
    [
        ("test 123 456      789\t000", "-", "test-123-456-789-000"),
        (" A  B ", None, "ab"),
        ("a b", "  _ ", "a_b"),
        ("a b", "$", "a$b"),
        ("a b", "\\1", "a\\1b"),
        ("a\u00a0b\u2009c", "+", "a+b+c"),
        ("ЖЪД Юли Ünï", "", "жъдюлиünï"),
        ("   ", "-", ""),
        (None, "-", ""),
    ],
)
def test_spaces_are_replaced_run_by_run(
    text: str | None, replacement: str | None, result: str
) -> None:
    assert no_spaces(text, replacement) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("  $% ^&test-?<?> § ±<_ ) (/.,", "test"),
        ("  $% ^&test\t\t-?<? 123    > § ±test<_ ) (/.,", "test 123 test"),
        ("тест asd 123 ©", "тест asd 123"),
        ("a.b-c_d", "abcd"),
        ("É$1\t2", "É12"),
        ("a\tb\n c   d", "ab c d"),
        ("go 🚀 now", "go now"),
        ("тест 123 ©, 日本語。½", "тест 123 日本語½"),
        ("#$%", ""),
        (" ", ""),
        (None, ""),
    ],
)
def test_symbols_are_removed(text: str | None, result: str) -> None:
    assert strip_and_trim(text) == result


def test_symbols_are_replaced_one_by_one() -> None:
    assert strip_and_trim("a.b-c_d", " ") == "a b c d"
    assert strip_and_trim("тест asd()123 ©", "-", ascii_only=True) == "asd--123"


@given(st.text())
def test_removing_symbols_twice_changes_nothing_more(text: str) -> None:
    assert strip_and_trim(strip_and_trim(text)) == strip_and_trim(text)


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("Jo$%hn <b>D'oe-Smith, Jr.</b>", "John bD'oe-Smith, Jr.b"),
        ("Ann <b>O'Neil-Été, Jr.</b> $%", "Ann bO'Neil-Été, Jr.b"),
        ("Bob & Sons", "Bob Sons"),
        ("$%&", ""),
    ],
)
def test_the_name_of_a_person_keeps_few_signs(name: str, result: str) -> None:
    assert clean_user_name(name) == result


@given(st.text())
def test_cleaning_a_name_twice_changes_nothing_more(name: str) -> None:
    assert clean_user_name(clean_user_name(name)) == clean_user_name(name)


def test_characters_of_clients_do_not_fill_the_memory() -> None:
    letters = "".join(map(chr, range(0x4E00, 0x9FA0)))
    symbols = "".join(map(chr, range(0x1F300, 0x1F600)))
    tracemalloc.start()
    try:
        assert clean_user_name(letters + symbols) == letters
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000


@pytest.mark.parametrize(
    ("text", "length", "result"),
    [
        ("this is a test", 7, "this..."),
        ("this is a test", 4, "t..."),
        ("this", 4, "this"),
        ("th", 1, None),
        (" ", 7, ""),
        (None, 7, ""),
    ],
)
def test_a_long_text_is_cut(text: str | None, length: int, result: str | None) -> None:
    if result is None:
        with pytest.raises(ValueError, match="use 4 or more"):
            abbreviate(text, length)
    else:
        assert abbreviate(text, length) == result


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        (" ", "+"),
        ("a", "a"),
        (
            "a b/c?é~*'()-_.!@:,+&=%",
            "a+b%2Fc%3F%C3%A9%7E*%27%28%29-_.%21%40%3A%2C%2B%26%3D%25",
        ),
        (None, ""),
    ],
)
def test_form_encoding_keeps_letters_digits_and_four_signs(text: str | None, encoded: str) -> None:
    assert url_encode(text) == encoded
    assert path_encode(text) == encoded.replace("+", "%20")


@pytest.mark.parametrize(
    ("encoded", "text"),
    [("%20", " "), ("+", " "), ("&", "&"), ("%", "%"), ("%c3%A9%zz%ff", "é%zz\ufffd"), (None, "")],
)
def test_form_decoding_reads_both_spaces(encoded: str | None, text: str) -> None:
    assert url_decode(encoded) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_decoding_gives_back_what_was_encoded(text: str) -> None:
    assert url_decode(url_encode(text)) == text


def test_base64_is_padded_except_for_urls() -> None:
    assert base64_encode(b"test123 string") == "dGVzdDEyMyBzdHJpbmc="
    assert base64_url_encode(b"test123 string") == "dGVzdDEyMyBzdHJpbmc"
    assert base64_url_encode(b"\xfb\xff") == "-_8"


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("dGVzdDEyMyBzdHJpbmc=", b"test123 string"),
        ("dGVzdDEyMyBzdHJpbmc", b"test123 string"),
        ("-_8", b""),
        ("é", b""),
        ("a", b""),
        (None, b""),
    ],
)
def test_base64_is_read_with_and_without_padding(text: str | None, data: bytes) -> None:
    assert base64_decode(text) == data


def test_a_picture_belongs_to_the_lower_case_address() -> None:
    picture = "https://www.gravatar.com/avatar/b642b4217b34b1e8d3bd915fc65c4452?size=400&d=mm&r=pg"
    assert picture_of("Test@Test.com") == picture
    assert picture_of(None) == picture_of(" ") == DEFAULT_PICTURE


@pytest.mark.parametrize(
    ("number", "text"),
    [(1500, "1,500"), (5, "5"), (-1234567, "-1,234,567"), (1234.5678, "1,234.568"), (2.0, "2")],
)
def test_numbers_for_people_are_grouped(number: float, text: str) -> None:
    assert grouped_number(number) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, "null"),
        (True, "true"),
        (12345678901234567890, "12345678901234567890"),
        (1.5, "1.5"),
        (5.0, "5.0"),
        (-0.0, "-0.0"),
        (1e7, "1.0E7"),
        (1e10, "1.0E10"),
        (-1234567890.5, "-1.2345678905E9"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        ([1, "a", None], "[1, a, null]"),
        ({"k": "v", "l": []}, "{k=v, l=[]}"),
    ],
)
def test_a_json_value_has_the_text_form_of_the_original(value: object, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("text", "blank"),
    [(None, True), ("", True), (" \t", True), ("\u2003", True), ("\xa0", False), (" a ", False)],
)
def test_blank_is_missing_empty_or_white(text: str | None, *, blank: bool) -> None:
    assert is_blank(text) is blank


def test_lengths_count_as_browsers_do() -> None:
    assert [utf16_length(text) for text in ("", "abc", "дъга", "a🚀")] == [0, 3, 4, 3]


@pytest.mark.parametrize(
    ("text", "code"), [("usd", "USD"), ("GBP", "GBP"), ("", "EUR"), ("x", "EUR"), ("bgn", "EUR")]
)
def test_an_unknown_currency_becomes_the_euro(text: str, code: str) -> None:
    assert currency_code(text) == code
    assert all(len(known) == 3 and known.isupper() for known in CODES)
