"""What the engine is given of an object."""

from __future__ import annotations

import json
from typing import Any

from para_core.query.fields import document_of
from para_core.testing.search import a_record
from para_search_lucene.convert import encode_document


def encoded(kind: str = "thing", *, source: bytes | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    text, marks = encode_document(document_of(a_record("k", kind, **fields)), 7, source)
    document: dict[str, Any] = json.loads(text)
    assert document["present"].split() == marks
    return document


def test_words_stand_by_path_and_without() -> None:
    document = encoded(title="The Quick  Fox!")
    assert document["words"]["YtitleZ"] == "the quick fox"
    assert "the quick fox" in document["allwords"]
    assert document["exact"]["YtitleZ"] == "The Quick  Fox!"


def test_a_value_that_is_one_word_is_written_once() -> None:
    document = encoded(color="red", code="A1", n=5)
    assert document["words"]["YcolorZ"] == "red"
    assert "YcolorZ" not in document["exact"]
    assert "YnZ" not in document["exact"]
    assert document["exact"]["YcodeZ"] == "A1"


def test_keyword_fields_have_whole_values_and_no_words() -> None:
    document = encoded(name="Red Fox", tags=["a b", "c"])
    assert document["exact"]["nameZ"] == "Red Fox"
    assert document["exact"]["tagsZ"] == ["a b", "c"]
    assert not {"nameZ", "tagsZ"} & set(document["words"])
    assert document["id"] == "k"
    assert "idZ" not in document["exact"]


def test_numbers_sort_in_one_column_whatever_their_kind() -> None:
    whole, broken = encoded(n=5), encoded(n=5.5)
    assert whole["sorts"]["nYnZ"] < broken["sorts"]["nYnZ"] < encoded(n=6)["sorts"]["nYnZ"]


def test_numbers_of_lists_and_texts_are_columns_of_their_own() -> None:
    document = encoded(n=[5, "6", "x"], text="7")
    assert len(document["sorts"]["mYnZ"]) == 1
    assert len(document["sorts"]["wYnZ"]) == 1
    assert "wYtextZ" in document["sorts"]
    assert {"mYnZ", "mYtextZ"} <= set(document["present"].split())


def test_flags_are_marked_instead_of_sorted() -> None:
    document = encoded(on=True, lone=[True])
    assert "bYonZ" in document["present"].split()
    assert "s0YonZ" not in document["sorts"]
    assert "tYloneZ" in document["present"].split()


def test_missing_times_and_votes_are_zero() -> None:
    text, _ = encode_document(document_of(a_record("k", timestamp=0)), 7, None)
    assert json.loads(text)["timestamp"] == 0


def test_only_objects_of_the_index_carry_their_source() -> None:
    assert "source" not in encoded()
    assert encoded(source=b"{}")["source"] == "e30="


def test_the_words_of_linked_objects_are_far_from_each_other() -> None:
    nested = [{"properties": {"text": "red fox"}}, {"properties": {"text": "blue bear"}}]
    document = encoded("linker", nstd=nested)
    assert document["words"]["YtextZ"] == ["red fox", "blue bear"]
    apart = document["words"]["YtextZY"].split(" ")
    assert apart.index("blue") - apart.index("fox") > 100
    assert "oYtextZ" in document["present"].split()
