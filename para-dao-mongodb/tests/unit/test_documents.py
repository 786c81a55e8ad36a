"""Records as documents, and back."""

from __future__ import annotations

import bson
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_core.contracts.dao import Record
from para_dao_mongodb.documents import document_of, record_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


def through_bson(record: Record, prefix: str = "") -> Record:
    """Store a record and read it, with everything but the server."""
    document = document_of(record, 7, prefix + record.id)
    return record_of(bson.decode(bson.encode(document)), len(prefix))


@given(TEXTS, TEXTS, st.dictionaries(TEXTS, VALUES, max_size=6), st.sampled_from(["", "12:"]))
def test_every_object_comes_back_as_it_was(
    key: str, kind: str, fields: dict[str, object], prefix: str
) -> None:
    fields = {**fields, "id": key, "type": kind}
    record = Record(key, kind, msgspec.json.encode(fields))
    found = through_bson(record, prefix)
    assert (found.id, found.type, found.change) == (key, kind, 7)
    assert msgspec.json.decode(found.data) == msgspec.json.decode(record.data)


@pytest.mark.parametrize(
    "data",
    [
        b"0",
        b"null",
        b"[1,2]",
        b'{"id":"other","type":"cat"}',
        b'{"id":"a","type":"dog"}',
        b'{"id":"a"}',
        b'{"id":"a","type":"cat","v":1.0000000000000000001}',
        b'{"id":"a","type":"cat","v":12345678901234567890}',
        b'{"id":"a","type":"cat","v":1,"v":2}',
        b'{"id":"a","type":"cat","v":"\\/"}',
    ],
)
def test_what_is_no_usual_object_is_kept_as_text(data: bytes) -> None:
    record = Record("a", "cat", data)
    document = document_of(record, 3, "a")
    assert document == {"_id": "a", "type": "cat", "_json": data.decode(), "_change": 3}
    assert through_bson(record) == Record("a", "cat", data, 7)


def test_fields_stay_in_their_order() -> None:
    data = b'{"id":"a","zeta":1,"type":"cat","alpha":1700000000000}'
    assert through_bson(Record("a", "cat", data)).data == data
