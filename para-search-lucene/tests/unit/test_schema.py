"""How paths, numbers and texts are written into the index."""

from __future__ import annotations

import math
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from para_search_lucene.schema import (
    CHUNKS,
    GREATEST,
    LEAST,
    build_schema,
    encode_number,
    exact_term,
    field_of,
    field_of_key,
    text_chunks,
)

NUMBERS = st.floats(allow_nan=False) | st.integers(-(2**53), 2**53).map(float)
PATHS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@settings(deadline=None)
@given(NUMBERS, NUMBERS)
def test_codes_sort_like_their_numbers(one: float, other: float) -> None:
    codes = encode_number(one), encode_number(other)
    assert (codes[0] < codes[1]) == (one < other)
    assert (codes[0] == codes[1]) == (one == other)
    assert all(LEAST < code <= GREATEST for code in codes)


def test_nothing_and_zero_have_one_code() -> None:
    assert encode_number(0.0) == encode_number(-0.0) == 0


def test_codes_are_dense_between_neighbours() -> None:
    assert encode_number(math.nextafter(5.0, 6.0)) == encode_number(5.0) + 1


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_chunks_sort_like_the_bytes_of_their_texts(one: str, other: str) -> None:
    def whole(text: str) -> list[int]:
        chunks = text_chunks(text)
        return [*chunks] + [LEAST] * (CHUNKS - len(chunks))

    size = 8 * CHUNKS
    first, second = (t.replace("\0", "").encode()[:size] for t in (one, other))
    codes = [whole(t.replace("\0", "")) for t in (one, other)]
    assert (codes[0] < codes[1]) == (first < second)
    assert (codes[0] == codes[1]) == (first == second)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 1), ("a" * 7, 1), ("a" * 8, 2), ("é" * 4, 2), ("a" * 31, 4), ("a" * 99, 4)],
    ids=["empty", "seven", "eight", "eight-bytes", "four-chunks", "long"],
)
def test_a_text_has_a_chunk_for_its_end(text: str, count: int) -> None:
    assert len(text_chunks(text)) == count


@settings(deadline=None)
@given(PATHS, PATHS)
def test_no_key_is_the_beginning_of_another(one: str, other: str) -> None:
    keys = [field_of(path).key for path in (one, other, f"properties.{one}")]
    assert all(key.isascii() and key.isalnum() for key in keys)
    assert keys[0].startswith(keys[1]) == (one == other)
    assert keys[0] != keys[2]


@settings(deadline=None)
@given(PATHS.filter(lambda path: len(path) < 20))
def test_a_key_tells_its_path(path: str) -> None:
    for known in (path, f"properties.{path}"):
        assert field_of_key(field_of(known).key) == field_of(known)


def test_long_paths_are_hashed() -> None:
    keys = {field_of(f"properties.{'x' * 300}{end}").key for end in "ab"}
    assert len(keys) == 2
    assert max(map(len, keys)) < 60
    assert field_of_key(keys.pop()).path == ""


def test_long_paths_do_not_stay_in_memory() -> None:
    path = "properties." + "x" * 100_000
    before = sys.getrefcount(path)
    assert field_of(path).path is path
    assert sys.getrefcount(path) == before


def test_long_values_keep_their_beginning_and_a_hash() -> None:
    one, other = (exact_term("x" * 100 + end, is_keyword=False) for end in "ab")
    assert one != other
    assert one[:32] == other[:32] == "x" * 32
    assert len(one) < 60
    assert exact_term("x" * 100, is_keyword=True) == "x" * 100
    assert len(exact_term("x" * 40_000, is_keyword=True)) < 10_000


def test_columns_of_sorts_have_no_terms() -> None:
    reduced = build_schema().__reduce__()
    assert isinstance(reduced, tuple)
    fields = {field["name"]: field["options"] for field in reduced[1][0]["inner"]}
    assert fields["sorts"]["indexing"] is None
    assert fields["sorts"]["fast"]
    assert fields["words"]["indexing"] == {
        "record": "position",
        "tokenizer": "whitespace",
        "fieldnorms": False,
    }
