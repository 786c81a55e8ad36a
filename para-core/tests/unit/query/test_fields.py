"""What of an object is searched, under which paths, and how it sorts."""

from __future__ import annotations

import msgspec
import pytest

from para_core.contracts.dao import Record
from para_core.query.fields import (
    Document,
    Value,
    document_of,
    is_keyword,
    nested_path,
    number_of,
    sort_key,
    text_form,
)


def document(kind: str = "cat", **fields: object) -> Document:
    data = {"id": "1", "type": kind, **fields}
    return document_of(Record("1", kind, msgspec.json.encode(data)))


def custom(value: object) -> list[Value]:
    return document(a=value).values.get("properties.a", [])


def test_declared_fields_keep_their_names_and_custom_ones_stand_under_properties() -> None:
    values = document(name="Tom", votes=3, colour="red").values
    assert values == {
        "id": ["1"],
        "type": ["cat"],
        "name": ["Tom"],
        "votes": [3],
        "properties.colour": ["red"],
    }


def test_the_same_name_is_declared_in_one_class_and_custom_in_another() -> None:
    assert document("address", city="Sofia").values["city"] == ["Sofia"]
    assert document("cat", city="Sofia").values["properties.city"] == ["Sofia"]


def test_maps_become_paths_with_dots() -> None:
    values = document(owner={"name": "Ann", "home": {"city": "Bergen"}, "void": {}}).values
    assert values["properties.owner.name"] == ["Ann"]
    assert values["properties.owner.home.city"] == ["Bergen"]
    assert "properties.owner.void" not in values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", ["text"]),
        ("", []),
        (" \t", []),
        (None, []),
        ([], []),
        (["", " "], []),
        (["a", "", "b"], ["a", "b"]),
        ([1, True, 2.5], [1, True, 2.5]),
        ([None, {"k": 1}, [2]], ["null", '{"k":1}', "[2]"]),
        (False, [False]),
        (0, [0]),
    ],
)
def test_each_value_of_a_list_counts_and_blank_ones_do_not(
    value: object, expected: list[object]
) -> None:
    assert custom(value) == expected


@pytest.mark.parametrize("name", ["timestamp", "updated"])
def test_zero_is_no_time(name: str) -> None:
    assert name not in document("cat", **{name: 0}).values
    assert document("cat", **{name: 5}).values[name] == [5]


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("user", "tokenSecret"),
        ("user", "twoFAkey"),
        ("user", "twoFAbackupKeyHash"),
        ("user", "idpAccessToken"),
        ("user", "idpIdToken"),
        ("user", "idpRefreshToken"),
        ("app", "secret"),
        ("webhook", "secret"),
        ("form", "captchaSecretKey"),
    ],
)
def test_secrets_are_not_searched(kind: str, secret: str) -> None:
    assert "hidden" not in str(document(kind, **{secret: "hidden"}))


@pytest.mark.parametrize(
    "secret",
    [
        *("password", "token", "tokenIssued", "etoken", "etokenIssued", "lockedUntil"),
        "usedSignIns",
    ],
)
def test_secrets_of_identifiers_are_not_searched(secret: str) -> None:
    assert "hidden" not in str(document("sysprop", name="identifier", **{secret: "hidden"}))
    renamed = document("sysprop", id="fb:1", name="renamed", **{secret: "hidden"})
    assert "hidden" not in str(renamed)
    assert "hidden" not in str(document("sysprop", etoken2="x", **{secret: "hidden"}))


def test_other_objects_may_have_a_token() -> None:
    assert document("device", token="abc").values["properties.token"] == ["abc"]  # noqa: S106
    assert document("sysprop", token="abc").values["properties.token"] == ["abc"]  # noqa: S106


@pytest.mark.parametrize(
    "name", ["settings", "datatypes", "resourcePermissions", "validationConstraints"]
)
def test_the_set_up_of_an_app_is_not_searched(name: str) -> None:
    assert "deep" not in str(document("app", **{name: {"a": {"b": "deep"}}}))
    assert document("cat", settings={"a": "deep"}).values["properties.settings.a"] == ["deep"]


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("42.7,23.3", (42.7, 23.3)),
        (" 42.7 , -23.3 ", (42.7, -23.3)),
        ("north,south", (0.0, 0.0)),
        ("1,2,3", (1.0, 2.0)),
        ("95,4.9", None),
        ("0,181", None),
    ],
)
def test_latlng_is_a_point_and_no_text(text: str, point: tuple[float, float] | None) -> None:
    found = document("address", latlng=text, country="NL")
    assert found.point == point
    assert "latlng" not in found.values
    assert "latlng" not in found.sorts
    assert found.values["country"] == ["NL"]


def test_a_latlng_without_comma_is_a_text() -> None:
    found = document("address", latlng="somewhere")
    assert found.point is None
    assert found.values["latlng"] == ["somewhere"]


def test_a_custom_latlng_is_a_text() -> None:
    assert document("cat", latlng="1,2").values["properties.latlng"] == ["1,2"]


def linker() -> Document:
    user = {
        "id": "u1",
        "type": "user",
        "name": "Ann",
        "email": "ann@x.org",
        "tokenSecret": "hidden",
    }
    cat = {"id": "c1", "type": "cat", "name": "Tom", "creatorid": "u1", "nstd": "x"}
    return document(
        "linker",
        name="cat:user",
        id1="c1",
        creatorid="me",
        nstd=[{**cat, "properties": {"text": "meow", "o": {"p": 1}}}, user, "no object"],
    )


def test_a_linker_is_found_by_what_it_links() -> None:
    found = linker()
    assert list(found.lists("name")) == [["cat:user"], ["Tom"], ["Ann"]]
    assert list(found.lists("properties.text")) == [["meow"]]
    assert list(found.lists("properties.o.p")) == [[1]]
    assert list(found.lists("email")) == [["ann@x.org"]]
    assert "hidden" not in str(found)


def test_a_linker_is_not_taken_for_what_it_links() -> None:
    found = linker()
    assert list(found.lists("creatorid")) == [["me"]]
    assert list(found.lists("id")) == [["1"]]
    assert list(found.lists(nested_path("id"))) == [["c1"], ["u1"]]
    assert list(found.lists(nested_path("creatorid"))) == [["u1"]]
    assert nested_path("name") == "name"


def test_a_linker_sorts_by_its_own_fields() -> None:
    assert linker().sorts == {
        "id": "1",
        "type": "linker",
        "name": "cat:user",
        "id1": "c1",
        "creatorid": "me",
    }


@pytest.mark.parametrize("path", ["id", "name", "tags", "votes", "id1", "nstd.id"])
def test_keyword_fields(path: str) -> None:
    assert is_keyword(path)


@pytest.mark.parametrize("path", ["properties.name", "city", "stored", "nstd.stored", "type1"])
def test_analysed_fields(path: str) -> None:
    assert not is_keyword(path)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (5, "5"), (9.5, "9.5"), (1e10, "1.0E10"), (20.0, "20.0"), ("Ann", "Ann")],
)
def test_values_have_a_text_form(value: Value, text: str) -> None:
    assert text_form(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5.0),
        (2.5, 2.5),
        ("5", 5.0),
        ("-3.25", -3.25),
        ("+1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        (10**400, float("inf")),
        (True, None),
        ("true", None),
        ("", None),
        (" 5", None),
        ("5\n", None),
        ("1_0", None),
        ("nan", None),
        ("inf", None),
        ("0x1", None),
        ("\u0661", None),
    ],
)
def test_numbers_and_texts_that_write_numbers(value: Value, number: float | None) -> None:
    assert number_of(value) == number


def test_documents_sort_by_number_then_by_the_bytes_of_the_text() -> None:
    keys = {
        name: sort_key(document(a=value), "properties.a")
        for name, value in {
            "number": 5,
            "fraction": -2.5,
            "text": "Ä",
            "flag": True,
            "list": [5, "x"],
            "missing": None,
        }.items()
    }
    assert keys == {
        "number": (5.0, b""),
        "fraction": (-2.5, b""),
        "text": (0.0, "Ä".encode()),
        "flag": (0.0, b"true"),
        "list": (0.0, b"5,x,"),
        "missing": (0.0, b""),
    }
