"""The constraints that apps keep for their types."""

from __future__ import annotations

import logging
import sys

import pytest

from para_core.constraints import (
    KINDS,
    Constraints,
    ObjectView,
    add_constraint,
    all_constraints,
    app_messages,
    constraints_of,
    readable_constraints,
    remove_constraint,
    validate,
)

NOW_MS = 1_795_293_071_674
YEAR_2100_MS = 4_102_444_800_000


def allows(name: str, value: object, payload: dict[str, object]) -> bool:
    """Whether a constraint with this payload lets a value through."""
    stored = {"form6": {"f": {name: {**payload, "message": f"messages.{name}"}}}}
    custom = {} if value is None else {"f": value}
    return not app_messages(ObjectView("form6", {}, custom), stored, now_ms=NOW_MS)


@pytest.mark.parametrize(
    ("name", "payload", "valid", "invalid"),
    [
        ("required", {}, ["text", 1, 0, True, False, [], {}, "\xa0"], [None, "", " ", "\u2003"]),
        ("email", {}, [None, "abc@de.com"], ["abc@de.", "abc@.c", "ann@example", 123, " ", ""]),
        ("false", {}, [None, "false", "FALSE", False, "fals", " ", "0", 0, 1, []], ["TRUE", True]),
        ("true", {}, [None, "true", "True", True, 0, 1, [], {}], [False, "a", " ", "yes"]),
        ("future", {}, [None, YEAR_2100_MS, "1000", [], True], [1000, NOW_MS, 1.5]),
        ("past", {}, [None, 1000, NOW_MS - 0.5, "x", []], [YEAR_2100_MS, NOW_MS]),
        ("url", {}, [None, "http://abc.co"], ["htp://abc.co", "abc.com", " ", "", False, 1234]),
        ("min", {"value": 3}, [None, 3, 4, 3.0, 3.9], [2.9, -3, "3", "5", True, []]),
        ("min", {"value": 2.9}, [2, 2.1], [1.9]),
        ("min", {"value": "x"}, [0, 5], [-1]),
        ("max", {"value": 3}, [None, 3, 2, 3.9, -5], [4, "3", True, []]),
        ("max", {}, [10_000], [10_001]),
        ("size", {"min": 2, "max": 3}, [None, "xx", [1, 2], {"a": 1, "b": 2}], ["x", "xxxx", 12]),
        ("size", {"min": 3, "max": 2}, [], ["xx", "xxx"]),
        ("size", {"min": 0, "max": 0}, ["", [], {}], [" ", True, 0]),
        ("size", {"min": 4, "max": 4}, ["дъга", "🚀🚀"], ["🚀"]),
        (
            "digits",
            {"integer": 2, "fraction": 2},
            [None, "22.22", 2.22, 0, "5,12", "1.2.3", "5.", "1.xx", 5.0],
            ["22.222", "??", "", ".", ",5", -1, 123, True, [], 1e10, "-1"],
        ),
        ("digits", {"integer": 1, "fraction": 2}, ["2.22"], [12]),
        ("digits", {"integer": 0, "fraction": 2}, [], [1, 0.5]),
        ("digits", {"integer": 4, "fraction": 2}, [12.34, "1234.5"], [1234.567, 12345.67]),
        ("digits", {"integer": 9, "fraction": 0}, [7, "7"], [5.0]),
        ("pattern", {"value": "[ab]+"}, [None, "bababa"], ["", "c", 5, True]),
        ("pattern", {"value": ""}, [""], [" "]),
        ("pattern", {"value": 5}, ["x", 7, ""], []),
        ("pattern", {"value": r"[A-Z]{2}-\d+"}, ["BG-1000"], ["BG-1000 ", "bg-1"]),
    ],
)
def test_a_constraint_tells_valid_from_invalid(
    name: str, payload: dict[str, object], valid: list[object], invalid: list[object]
) -> None:
    assert [value for value in valid if not allows(name, value, payload)] == []
    assert [value for value in invalid if allows(name, value, payload)] == []


@pytest.mark.parametrize(
    ("name", "payload", "value", "message"),
    [
        ("required", {}, "", "n is required."),
        ("email", {}, "x", "n is not a valid email."),
        ("false", {}, True, "n must be false."),
        ("true", {}, False, "n must be true."),
        ("future", {}, 1, "n must be in the future."),
        ("past", {}, YEAR_2100_MS, "n must be in the past."),
        ("url", {}, "x", "n is not a valid URL."),
        ("min", {"value": 1500}, 1, "n must be a number larger than 1,500."),
        ("max", {"value": 1234.5678}, 9999, "n must be a number smaller than 1,234.568."),
        ("min", {}, -1, "n must be a number larger than null."),
        ("size", {"min": 2, "max": 2000}, "x", "n must be between 2 and 2,000."),
        ("digits", {"integer": 1, "fraction": 1}, "x", "n is not a valid number or within range."),
        ("pattern", {"value": "^[a-z]{1,2}$"}, "X", "n doesn't match the pattern ^[a-z]{1,2}$."),
    ],
)
def test_a_broken_constraint_names_the_field_and_the_bound(
    name: str, payload: dict[str, object], value: object, message: str
) -> None:
    view = ObjectView("cat", {}, {"n": value})
    assert app_messages(view, {"cat": {"n": {name: payload}}}, now_ms=NOW_MS) == [message]


def test_all_messages_come_in_the_order_in_which_constraints_were_made() -> None:
    stored: Constraints = {}
    for field, name, payload in (
        ("level", "min", {"value": 1}),
        ("nick", "size", {"min": 2, "max": 8}),
        ("fee", "digits", {"integer": 3, "fraction": 1}),
        ("fee", "min", {"value": "abc"}),
        ("fee", "max", {"value": 5.7}),
        ("badge", "pattern", {"value": "[a-z]+"}),
    ):
        stored = add_constraint(stored, "member", field, name, payload)
    custom = {"badge": "NO", "fee": "12345", "level": 0, "nick": "x"}
    view = ObjectView("member", {"name": "Bad"}, custom)
    assert ". ".join(validate(view, stored, now_ms=NOW_MS)) == (
        "level must be a number larger than 1.. nick must be between 2 and 8.. fee is not a valid"
        " number or within range.. fee must be a number larger than 0.. fee must be a number"
        " smaller than 10,000.. badge doesn't match the pattern [a-z]+."
    )


def test_a_constraint_reaches_core_fields_that_no_custom_one_hides() -> None:
    stored = {"cat": {"name": {"size": {"min": 3, "max": 5}}}}
    plain = ObjectView("cat", {"name": "Annabel"})
    hidden = ObjectView("cat", {"name": "Annabel"}, {"name": "Ann"})
    assert app_messages(plain, stored, now_ms=NOW_MS) == ["name must be between 3 and 5."]
    assert app_messages(hidden, stored, now_ms=NOW_MS) == []


@pytest.mark.parametrize(
    ("kind", "is_generic", "applies"),
    [
        ("cat", True, True),
        ("webhook", True, True),
        ("sysprop", True, False),
        ("tag", False, False),
        ("user", False, False),
    ],
)
def test_constraints_of_apps_hold_for_types_with_custom_properties(
    kind: str, *, is_generic: bool, applies: bool
) -> None:
    stored: Constraints = {kind: {"x": {"required": {}}}}
    view = ObjectView(kind, {"name": "A"}, is_generic=is_generic)
    assert bool(app_messages(view, stored, now_ms=NOW_MS)) is applies


def test_core_rules_wait_until_the_constraints_hold() -> None:
    stored: Constraints = {"webhook": {"note": {"required": {}}}}
    view = ObjectView("webhook", {"name": "Hook"})
    assert validate(view, stored, now_ms=NOW_MS) == ["note is required."]
    assert validate(view, {}, now_ms=NOW_MS) == ["'targetUrl' must not be blank"]


def test_an_unreadable_pattern_silences_the_constraints_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stored: Constraints = {"cat": {"a": {"required": {}}, "b": {"pattern": {"value": "(("}}}}
    view = ObjectView("cat", {"name": " "}, {"b": "x"})
    with caplog.at_level(logging.WARNING):
        assert validate(view, stored, now_ms=NOW_MS) == ["'name' must not be blank"]
    assert [record.message for record in caplog.records] == ["unreadable constraint"]


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("min", {"value": 1}, {"value": 1}),
        ("max", {"value": 9, "extra": True, "message": "mine"}, {"value": 9}),
        ("min", {"value": "-5"}, {"value": -5}),
        ("min", {"value": "abc"}, {"value": 0}),
        ("min", {"value": None}, {"value": 0}),
        ("max", {"value": None}, {"value": 10_000}),
        ("min", {"value": 5.7}, {"value": 0}),
        ("max", {"value": 5.7}, {"value": 10_000}),
        ("max", {"value": "9" * 30}, {"value": 10_000}),
        ("size", {"min": "x", "max": "x"}, {"min": 0, "max": 10_000}),
        ("digits", {"integer": "3", "fraction": "1"}, {"integer": 3, "fraction": 1}),
        ("pattern", {"value": "[a-z]+"}, {"value": "[a-z]+"}),
        ("pattern", {"value": [1]}, {"value": [1]}),
        ("required", {"anything": 1}, {}),
        ("url", {}, {}),
    ],
)
def test_a_stored_payload_is_built_anew(
    name: str, given: dict[str, object], kept: dict[str, object]
) -> None:
    stored = add_constraint({}, "member", "f", name, given)
    assert stored == {"member": {"f": {name: {**kept, "message": f"messages.{name}"}}}}


@pytest.mark.parametrize(
    ("kind", "field", "name", "payload"),
    [
        pytest.param("member", "level", "least", {"value": 1}, id="no such kind"),
        pytest.param("member", "level", "MIN", {"value": 5}, id="upper case"),
        pytest.param("member", "nick", "size", {"min": 1}, id="a key is missing"),
        pytest.param("member", "fee", "digits", {"value": 1}, id="the wrong keys"),
        pytest.param("member", "badge", "pattern", {}, id="no value"),
        pytest.param("member", "badge", "pattern", {"value": None}, id="null"),
        pytest.param("member", "badge", "email", None, id="no body"),
        pytest.param("member", "badge", "true", [1], id="a list"),
        pytest.param(" ", "badge", "true", {}, id="no type"),
        pytest.param("member", "", "true", {}, id="no field"),
    ],
)
def test_what_is_no_constraint_changes_nothing(
    kind: str, field: str, name: str, payload: object
) -> None:
    stored = {"member": {"level": {"min": {"value": 1}}}}
    assert add_constraint(stored, kind, field, name, payload) is stored


def test_adding_and_removing_leave_the_given_map_as_it_was() -> None:
    stored = add_constraint({}, "member", "level", "min", {"value": 1})
    more = add_constraint(stored, "member", "level", "max", {"value": 2})
    assert list(stored["member"]["level"]) == ["min"]
    assert list(more["member"]["level"]) == ["min", "max"]
    assert remove_constraint(more, "member", "level", "max") == stored
    assert list(more["member"]["level"]) == ["min", "max"]


def test_the_last_constraint_takes_its_field_and_type_with_it() -> None:
    stored = add_constraint({}, "member", "level", "min", {"value": 1})
    assert remove_constraint(stored, "member", "level", "min") == {}
    both = add_constraint(stored, "member", "nick", "required", {})
    assert remove_constraint(both, "member", "level", "min") == {
        "member": {"nick": {"required": {"message": "messages.required"}}}
    }


@pytest.mark.parametrize(
    ("kind", "field", "name"),
    [("user", "email", "required"), ("member", "level", "max"), ("member", "nick", "min")],
)
def test_removing_what_is_not_there_changes_nothing(kind: str, field: str, name: str) -> None:
    stored = add_constraint({}, "member", "level", "min", {"value": 1})
    assert remove_constraint(stored, kind, field, name) is stored


def test_the_core_constraints_are_the_documented_ones() -> None:
    required = {"message": "messages.required"}
    assert all_constraints({}) == {
        "user": {
            "identifier": {"required": required},
            "groups": {"required": required},
            "email": {"required": required, "email": {"message": "messages.email"}},
            "password": {"max": {"value": 5000, "message": "messages.max"}},
        },
        "app": {"id": {"required": required}},
        "tag": {"tag": {"required": required}},
        "vote": all_required("value", "expiresAfter", "lockedAfter"),
        "linker": all_required("id1", "id2", "type1", "type2"),
        "translation": all_required("authorName", "locale", "thekey", "value"),
        "address": {
            "address": {"required": required, "size": size(3, 255)},
            "country": {"required": required, "size": size(2, 255)},
            "city": {"size": size(0, 255)},
            "latlng": {"required": required},
        },
        "webhook": {"targetUrl": {"required": required, "url": {"message": "messages.url"}}},
        "form": {
            "captchaSecretKey": {"required": required},
            "notifyEmails": {"required": required},
            "redirectTo": {"url": {"message": "messages.url"}},
        },
    }


def all_required(*fields: str) -> dict[str, dict[str, dict[str, str]]]:
    """Constraints of a type that says no more than that these fields are required."""
    return {field: {"required": {"message": "messages.required"}} for field in fields}


def size(low: int, high: int) -> dict[str, object]:
    """The payload of a size, as clients see it."""
    return {"min": low, "max": high, "message": "messages.size"}


def test_a_field_of_the_app_replaces_the_core_rules_of_that_field() -> None:
    stored = add_constraint({}, "address", "city", "required", {})
    shown = constraints_of(stored, "address")["address"]
    assert shown["city"] == {"required": {"message": "messages.required"}}
    assert shown["country"] == constraints_of({}, "address")["address"]["country"]


@pytest.mark.parametrize("kind", ["sysprop", "users", "nosuch"])
def test_a_type_without_constraints_shows_none(kind: str) -> None:
    assert constraints_of({}, kind) == {}


def test_asking_for_a_type_keeps_nothing_in_memory() -> None:
    kind = "".join(["no", "such", "type"])
    before = sys.getrefcount(kind)
    constraints_of({}, kind)
    assert sys.getrefcount(kind) == before


def test_the_types_of_the_app_are_listed_beside_the_core_types() -> None:
    stored = add_constraint({}, "два", "поле", "required", {})
    shown = all_constraints(stored, ["два", "cat"])
    assert shown["два"] == stored["два"]
    assert set(shown) == set(all_constraints({})) | {"два"}


def test_a_type_that_no_object_has_is_not_listed() -> None:
    stored = add_constraint({}, "ghost", "a", "required", {})
    assert all_constraints(stored, ["cat"]) == all_constraints({})


@pytest.mark.parametrize(
    ("stored", "readable"),
    [
        (None, {}),
        ([1], {}),
        ({"cat": 5}, {}),
        ({"cat": {"a": 5}}, {}),
        ({"cat": {"a": {"min": 5}}}, {}),
        ({"cat": {"a": {}}}, {}),
        ({"cat": {"a": {"min": 5}, "b": {"min": {}}}, "dog": []}, {"cat": {"b": {"min": {}}}}),
    ],
)
def test_parts_of_another_shape_are_left_out(stored: object, readable: object) -> None:
    assert readable_constraints(stored) == readable


def test_unknown_kinds_in_a_stored_map_are_ignored() -> None:
    stored: Constraints = {"cat": {"a": {"nosuch": {}, "required": {}}}}
    messages = app_messages(ObjectView("cat", {}), stored, now_ms=NOW_MS)
    assert messages == ["a is required."]
    assert "nosuch" not in KINDS
