"""What an object becomes in the cluster."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from para_core.pager import Pager
from para_core.query.fields import document_of
from para_core.testing.search import a_record
from para_search_elasticsearch.documents import as_double, data_of, document_body, source_of
from para_search_elasticsearch.pages import cursor_of, sort_of


def body_of(*, nested: bool = False, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return document_body(document_of(a_record("k", "cat", 1, **fields)), 7, nested=nested)


def test_words_and_whole_values_stand_apart() -> None:
    body = body_of(title="Red FOX", tags=["b a", "c"])
    assert body["properties.title"] == ["red fox"]
    assert body["_whole.properties-title"] == ["Red FOX"]
    assert body["_text.properties-title"] == "Red FOX"
    assert body["tags"] == ["b a", "c"]
    assert {"b a", "c", "k", "cat"} <= set(body["_keys"])
    assert "properties-title" in body["_paths"]
    assert (body["_docid"], body["_key"]) == (7, "k")


def test_numbers_are_kept_by_where_they_stand() -> None:
    body = body_of(one=5, many=[6, "7"], text="8", flag=True)
    assert body["_number.properties-one"] == [5.0]
    assert body["_numbers.properties-many"] == [6.0]
    assert body["_written.properties-many"] == [7.0]
    assert body["_written.properties-text"] == [8.0]
    assert "_number.properties-flag" not in body
    assert {5.0, 6.0, 7.0, 8.0} <= set(body["_values"])


def test_the_nested_form_has_an_item_for_each_custom_field() -> None:
    body = body_of(nested=True, title="Fox", owner={"age": 9}, description=None)
    items = {item["k"]: item for item in body["properties"]}
    assert set(items) == {"properties-title", "properties-owner-age"}
    assert items["properties-title"]["v"] == ["fox"]
    assert items["properties-owner-age"]["vn"] == [9.0]
    assert not any(name.startswith("properties.") for name in body)


def test_the_words_of_linked_objects_are_apart() -> None:
    linked = [{"id": n, "type": "cat", "properties": {"text": f"word {n}"}} for n in "ab"]
    body = document_body(document_of(a_record("l", "linker", nstd=linked)), 1, nested=False)
    assert body["properties.text"] == ["word a", "word b"]
    assert body["nstd-id"] == ["a", "b"]


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), 10**308 * 1.0, -0.0, 0.5])
def test_numbers_are_such_that_json_has(number: float) -> None:
    double = as_double(number)
    assert msgspec.json.decode(msgspec.json.encode(double)) == double
    assert str(as_double(-0.0)) == "0.0"


def test_copies_come_back_as_they_were() -> None:
    assert data_of(source_of(b'{"a":"\xc3\xa9"}')) == b'{"a":"\xc3\xa9"}'


def test_ties_are_in_the_order_of_indexing() -> None:
    order = sort_of(Pager(sort="votes"), nested=False)
    assert [next(iter(part)) for part in order] == ["_number.votes", "_text.votes", "_docid"]
    assert order[-1]["_docid"]["order"] == "asc"
    order = sort_of(Pager(sort="_docid"), nested=False)
    assert [part["_docid"]["order"] for part in order] == ["desc"]
    (cursor,) = sort_of(Pager(last_key="5", desc=False), nested=True)
    assert cursor["_docid"]["order"] == "asc"


@pytest.mark.parametrize(
    ("key", "number"), [("5", 5), ("x", None), ("-1", None), ("1.5", None), ("9" * 19, 2**63 - 1)]
)
def test_cursors_are_numbers(key: str, number: int | None) -> None:
    assert cursor_of(Pager(last_key=key)) == number
