"""Names of fields."""

from __future__ import annotations

import pytest

from para_search_elasticsearch.fields import key_of, place_of, whole_term

PATHS = [
    "name",
    "properties.title",
    "properties.a.b",
    "properties.a-b",
    "properties.a_b",
    "nstd.id",
]
PATHS += ["properties.a_2e_b", "properties.a_2d_b", "properties.", "properties", "", "properties.é"]
PATHS += [
    "properties.a b",
    "properties._",
    "properties.-",
    "properties." + "x" * 300,
    "_whole.name",
]


def test_no_two_paths_share_a_key() -> None:
    assert len({key_of(path) for path in PATHS}) == len(PATHS)


@pytest.mark.parametrize("nested", [False, True], ids=["plain", "nested"])
def test_no_two_uses_share_a_field(*, nested: bool) -> None:
    for path in PATHS:
        place = place_of(path, nested=nested)
        fields = [place.whole, place.number, place.numbers, place.written, place.text]
        fields += [] if place.is_keyword else [place.words]
        assert len(set(fields)) == len(fields)
        assert all(".." not in field and field.strip(".") == field for field in fields)


def test_declared_keywords_keep_their_names() -> None:
    assert place_of("name", nested=False).whole == "name"
    assert place_of("creatorid", nested=True).whole == "creatorid"
    assert place_of("properties.title", nested=False).words == "properties.title"
    assert place_of("latlng", nested=False).whole == "_latlng"  # latlng is the point


def test_fields_in_the_nested_form_are_told_apart_by_their_key() -> None:
    one, two = (place_of(f"properties.{name}", nested=True) for name in ("a", "b"))
    assert one.words == two.words == "properties.v"
    assert one.is_nested
    assert one.key != two.key
    assert not place_of("description", nested=True).is_nested


def test_long_values_stay_apart() -> None:
    assert whole_term("short") == "short"
    one, two = whole_term("n" * 40_000), whole_term("n" * 39_999)
    assert one != two
    assert len(one.encode()) < 32_766
    assert len(whole_term("🐈" * 40_000).encode()) < 32_766
