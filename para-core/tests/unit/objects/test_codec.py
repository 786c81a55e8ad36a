"""JSON of objects: what is stored comes back, and clients see what they may."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from para_core.contracts.dao import Record
from para_core.errors import BackendError
from para_core.objects.base import CLASSES, ParaObject, Sysprop
from para_core.objects.codec import (
    decode,
    derived,
    encode,
    is_raw,
    nested_copy,
    record_of,
    stored_fields,
    uri_of,
    wire,
    wire_array,
    wire_bytes,
)
from para_core.objects.fields import DERIVED, HIDDEN, fields_of
from para_core.objects.incoming import merge, object_from
from para_core.objects.rules import default_name, settle

KINDS = [*CLASSES, "cat"]
RAW = [kind for kind in KINDS if is_raw(kind)]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
maps = st.dictionaries(texts, values, max_size=3)
STRUCTURED: dict[str, st.SearchStrategy[Any]] = {
    "tags": st.lists(texts, max_size=3),
    "customEvents": st.lists(texts, max_size=3),
    "notifyEmails": st.lists(texts, max_size=12),
    "nstd": st.lists(maps, max_size=2),
    "settings": maps,
    "datatypes": st.dictionaries(texts, texts, max_size=3),
    "validationConstraints": maps,
    "resourcePermissions": maps,
}


def bodies(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies that can be taken, with any declared and some custom fields."""
    names = fields_of(CLASSES.get(kind, Sysprop))
    declared = {name: STRUCTURED.get(name, values) for name in names}
    custom = st.dictionaries(texts, values, max_size=4)
    known = st.fixed_dictionaries({}, optional=declared)
    return st.tuples(custom, known).map(lambda pair: pair[0] | pair[1])


@st.composite
def objects(draw: st.DrawFn) -> ParaObject:
    """Objects of every class, as they are when they are stored."""
    kind = draw(st.sampled_from(KINDS))
    obj = object_from(draw(bodies(kind)), kind)
    obj.id = obj.id or "x"
    obj.appid = "app"
    obj.timestamp = obj.timestamp or 1
    obj.name = obj.name or default_name(obj)
    return obj


# ---- stored -------------------------------------------------------------------------------------


@given(objects())
@settings(max_examples=100, deadline=None)
def test_what_is_stored_comes_back(obj: ParaObject) -> None:
    record = record_of(obj, 7)
    assert (record.id, record.type, record.change) == (obj.id, obj.type, 7)
    assert decode(record) == obj
    assert encode(decode(record)) == record.data
    assert json.loads(record.data) == stored_fields(obj)


@given(objects())
@settings(max_examples=100, deadline=None)
def test_an_object_that_is_settled_stays_as_it_is(obj: ParaObject) -> None:
    again = decode(record_of(obj))
    settle(again)
    assert again == obj


@given(objects())
@settings(max_examples=100, deadline=None)
def test_a_change_to_what_was_answered_changes_nothing(obj: ParaObject) -> None:
    """Clients send back whole objects, as they got them."""
    seen = json.loads(msgspec.json.encode(wire(obj)))
    again = decode(record_of(obj))
    merge(again, seen)
    assert again == obj


def test_stored_json_is_flat_and_has_no_empty_fields() -> None:
    cat = object_from({"id": "c", "name": "Tom", "deep": {"a": [1]}, "none": None}, "cat")
    assert json.loads(encode(cat)) == {
        "id": "c",
        "type": "cat",
        "name": "Tom",
        "votes": 0,
        "version": 0,
        "stored": True,
        "indexed": True,
        "cached": True,
        "deep": {"a": [1]},
    }


@pytest.mark.parametrize(
    "number", [12345678901234567890, -(2**200), 10**1000], ids=["20", "60", "1000"]
)
def test_integers_keep_any_size(number: int) -> None:
    cat = object_from({"id": "c", "big": number}, "cat")
    assert isinstance(cat, Sysprop)
    again = decode(record_of(cat))
    assert isinstance(again, Sysprop)
    assert again.properties["big"] == number


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"5", b"\xff", b'{"id": }'], ids=repr)
def test_damaged_data_is_an_error_that_names_the_object(data: bytes) -> None:
    with pytest.raises(BackendError, match="object 'c1' is damaged"):
        decode(Record("c1", "cat", data))


# ---- on the wire --------------------------------------------------------------------------------


@given(objects())
@settings(max_examples=100, deadline=None)
def test_bytes_sent_without_decoding_are_what_encoding_would_send(obj: ParaObject) -> None:
    if is_raw(obj.type):
        assert json.loads(wire_bytes(record_of(obj))) == json.loads(msgspec.json.encode(wire(obj)))


@given(st.lists(objects(), max_size=5))
@settings(max_examples=50, deadline=None)
def test_an_array_holds_what_is_sent_of_each(objs: list[ParaObject]) -> None:
    def cook(item: Record | ParaObject) -> bytes:
        obj = item if isinstance(item, ParaObject) else decode(item)
        return msgspec.json.encode(wire(obj))

    expected = [json.loads(msgspec.json.encode(wire(obj))) for obj in objs]
    assert json.loads(wire_array([record_of(obj) for obj in objs], cook)) == expected
    assert json.loads(wire_array(objs, cook)) == expected


ODD_IDS = ["a b", 'quo"te', "back\\slash", "a/b", "..", "уникод", "日本", "\x00", "\n", "😀", "%2F"]


@pytest.mark.parametrize("kind", [*RAW, "two words", 'ty"pe', "тип", "boy", "x" * 200])
@pytest.mark.parametrize("key", [*ODD_IDS, "1", "x" * 3000], ids=lambda key: ascii(key)[:20])
def test_odd_ids_and_types_are_sent_as_they_are(kind: str, key: str) -> None:
    cls = CLASSES.get(kind, Sysprop)
    obj = cls(id=key, type=kind)
    sent = json.loads(wire_bytes(record_of(obj)))
    assert sent == wire(obj)
    assert sent["id"] == key
    assert uri_of(record_of(obj)) == sent["objectURI"]


@pytest.mark.parametrize(
    ("kind", "key", "uri"),
    [
        ("user", "1", "/users/1"),
        ("cat", "a b", "/cats/a%20b"),
        ("cat", "a/b", "/cats/a%2Fb"),
        ("тип", "я", "/%D1%82%D0%B8%D0%BF/%D1%8F"),
        ("profile", "7:profile", "/profiles/7%3Aprofile"),
        ("sysprop", " ", "/sysprops"),
        ("app", "app:x", "/apps/app%3Ax"),
    ],
)
def test_the_uri_of_an_object_is_its_path(kind: str, key: str, uri: str) -> None:
    obj = CLASSES.get(kind, Sysprop)(id=key, type=kind)
    assert uri_of(record_of(obj)) == wire(obj)["objectURI"] == uri


def test_the_uri_of_a_tag_has_its_text() -> None:
    assert wire(object_from({"id": "tag:c", "tag": "d e"}, "tag"))["objectURI"] == "/tags/d-e"


DERIVED_OF: dict[str, set[str]] = {
    "user": {"identityProvider"},
    "app": {"appIdentifier"},
    "vote": {"upvote", "downvote", "expired", "amendable"},
    "form": {"formActionURI"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_derived_fields_are_sent_and_never_stored(kind: str) -> None:
    obj = object_from({"id": "x"}, kind)
    names = DERIVED | DERIVED_OF.get(kind, set())
    assert derived(obj).keys() == names
    assert names <= wire(obj).keys()
    assert not names & stored_fields(obj).keys()


@pytest.mark.parametrize("kind", KINDS)
def test_derived_fields_in_a_body_are_ignored(kind: str) -> None:
    names = DERIVED | DERIVED_OF.get(kind, set())
    if CLASSES.get(kind, Sysprop) is Sysprop:
        names = DERIVED
    assert object_from(dict.fromkeys(names, "mine"), kind) == object_from({}, kind)


@pytest.mark.parametrize("kind", HIDDEN)
def test_hidden_fields_are_stored_and_never_sent(kind: str) -> None:
    obj = CLASSES[kind](id="x", type=kind)
    for name in HIDDEN[kind]:
        setattr(obj, fields_of(type(obj))[name].attribute, {"k": 1} if name == "settings" else "s")
    assert HIDDEN[kind] <= json.loads(encode(obj)).keys()
    assert not HIDDEN[kind] & wire(obj).keys()
    assert not HIDDEN[kind] & nested_copy(obj).keys()
    assert not is_raw(kind)


@pytest.mark.parametrize(
    ("identifier", "provider"),
    [
        ("a@b.co", "generic"),
        ("fb:1", "facebook"),
        ("GP:1", "google"),
        ("oa2second:1", "oauth2"),
        ("xx:1", "unknown"),
        ("fb", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_the_provider_of_a_user_is_told_by_its_identifier(
    identifier: str | None, provider: str
) -> None:
    obj = object_from({"id": "u", "identifier": identifier}, "user")
    assert wire(obj)["identityProvider"] == provider


@pytest.mark.parametrize(
    ("value", "age", "expires", "locked", "state"),
    [
        ("up", 0, 60, 30, {"upvote", "amendable"}),
        ("down", 40, 60, 30, {"downvote"}),
        ("up", 70, 60, 30, {"upvote", "expired"}),
        ("up", 70, 0, 30, {"upvote"}),
        ("up", 0, 60, 0, {"upvote"}),
    ],
    ids=["fresh", "locked", "expired", "never expires", "never amendable"],
)
def test_the_state_of_a_vote_is_computed_when_it_is_read(
    value: str, age: int, expires: int, locked: int, state: set[str]
) -> None:
    body = {"value": value, "expiresAfter": expires, "lockedAfter": locked}
    vote = object_from({**body, "timestamp": int((time.time() - age) * 1000)}, "vote")
    shown = derived(vote)
    names = ("upvote", "downvote", "expired", "amendable")
    assert {name for name in names if shown[name]} == state


def test_the_path_of_a_form_has_the_context_path_in_front() -> None:
    form = object_from({"id": "f1", "appid": "shop"}, "form")
    assert wire(form, context_path="/ctx")["formActionURI"] == "/ctx/v1/_forms/shop/f1"
    assert default_name(form) == "Form #f1"


def test_a_default_name_is_a_valid_one() -> None:
    assert default_name(CLASSES["user"](id="a@b.co", type="user")) == "ParaObject ab.co"
    assert default_name(Sysprop(id="7")) == "ParaObject 7"
    assert len(default_name(Sysprop(id="x" * 300))) == 255


# ---- copies in links ----------------------------------------------------------------------------


def test_copies_in_links_have_the_custom_fields_apart() -> None:
    cat = object_from({"id": "c", "name": "Tom", "a": 1, "b": {"c": 2}}, "cat")
    copy = nested_copy(cat)
    assert copy["properties"] == {"a": 1, "b": {"c": 2}}
    assert copy["name"] == "Tom"
    assert not {"a", "b", *DERIVED} & copy.keys()


def test_copies_of_core_types_have_no_properties() -> None:
    copy = nested_copy(object_from({"id": "t", "count": 3}, "tag"))
    assert "properties" not in copy
    assert copy["count"] == 3


def test_copying_leaves_the_object_as_it_is() -> None:
    cat = object_from({"id": "c", "a": 1}, "cat")
    nested_copy(cat)
    assert cat == object_from({"id": "c", "a": 1}, "cat")
