"""Values of the wrong JSON type: converted where the field allows it, else refused."""

from __future__ import annotations

import pytest

from para_core.errors import UnusableBodyError
from para_core.nesting import MAX_DEPTH
from para_core.objects.base import CLASSES, App, Form, Sysprop, Webhook
from para_core.objects.fields import fields_of
from para_core.objects.incoming import object_from


def taken(kind: str, name: str, value: object) -> object:
    """What a field of a new object is after a body had this value for it."""
    obj = object_from({name: value}, kind)
    return getattr(obj, fields_of(type(obj))[name].attribute)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(5, "5", id="a number"),
        pytest.param(1.50, "1.5", id="a fraction"),
        pytest.param(1e10, "1.0E10", id="a large decimal"),
        pytest.param(12345678901234567890, "12345678901234567890", id="a big integer"),
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
        pytest.param(["a", "b"], "a", id="the first of a list"),
        pytest.param([[7]], "7", id="the first of the first of a list"),
        pytest.param([None, "b"], "", id="a list that begins with null"),
        pytest.param([], "", id="an empty list"),
        pytest.param({"k": "v"}, "{k=v}", id="an object"),
        pytest.param({}, "{}", id="an empty object"),
        pytest.param("", "", id="an empty text"),
        pytest.param(" a ", " a ", id="spaces around stay"),
    ],
)
def test_a_text_field_takes_the_text_of_any_value(value: object, text: str) -> None:
    assert taken("cat", "parentid", value) == text


@pytest.mark.parametrize("name", ["votes", "version"], ids=["32 bits", "64 bits"])
@pytest.mark.parametrize(
    ("value", "number"),
    [
        pytest.param("12", 12, id="a text"),
        pytest.param("  12 ", 12, id="spaces around"),
        pytest.param("-3", -3, id="negative"),
        pytest.param("+3", 3, id="with a plus"),
        pytest.param("007", 7, id="leading zeros"),
        pytest.param("0" * 5000 + "7", 7, id="more zeros than an int may have digits"),
        pytest.param("1.5", 0, id="a fraction in a text"),
        pytest.param("many", 0, id="no number"),
        pytest.param("1 2", 0, id="two numbers"),
        pytest.param("1_000", 0, id="an underscore"),
        pytest.param("\uff11\uff12", 0, id="digits of another script"),
        pytest.param("", 0, id="an empty text"),
        pytest.param("9" * 5000, 0, id="5,000 digits"),
        pytest.param({}, 0, id="an object"),
        pytest.param({"a": 1}, 0, id="an object with a number"),
        pytest.param([], 0, id="an empty list"),
        pytest.param([5, 6], 5, id="the first of a list"),
        pytest.param([["8"]], 8, id="the first of the first of a list"),
        pytest.param([None], 0, id="a list of null"),
        pytest.param(1.9, 1, id="the fraction is cut off"),
        pytest.param(-1.9, -1, id="towards zero"),
        pytest.param(1e300, 0, id="a decimal out of range"),
        pytest.param(-1e300, 0, id="a decimal out of range below"),
        pytest.param(2**63, 0, id="out of range of both"),
        pytest.param(-(2**63) - 1, 0, id="out of range of both below"),
        pytest.param(str(2**64), 0, id="a text out of range"),
        pytest.param(True, 1, id="true"),
        pytest.param(False, 0, id="false"),
    ],
)
def test_an_integer_field_takes_what_can_be_read_as_one_and_else_0(
    name: str, value: object, number: int
) -> None:
    assert taken("cat", name, value) == number


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("cat", "votes"),
        ("tag", "count"),
        ("vote", "expiresAfter"),
        ("vote", "lockedAfter"),
        ("webhook", "repeatedDeliveryAttempts"),
    ],
)
def test_numbers_of_32_bits_are_0_beyond_them(kind: str, name: str) -> None:
    assert taken(kind, name, 2**31 - 1) == 2**31 - 1
    assert taken(kind, name, 2**31) == 0
    assert taken(kind, name, str(2**31)) == 0
    assert taken(kind, name, [3e9]) == 0


@pytest.mark.parametrize("name", ["timestamp", "updated", "version"])
def test_times_and_versions_have_64_bits(name: str) -> None:
    assert taken("cat", name, 2**63 - 1) == 2**63 - 1


@pytest.mark.parametrize("name", ["timestamp", "updated"])
@pytest.mark.parametrize("value", [0, "0", "soon", [], {}, False, 0.5], ids=repr)
def test_a_time_of_0_counts_as_absent(name: str, value: object) -> None:
    assert taken("cat", name, value) is None


TRUE = ["true", "TRUE", "yes", "Y", "on", "1", " on ", 1, True, ["yes"], [True, False]]
FALSE = ["false", "no", "n", "off", "0", "", "maybe", 0, 2, 1.5, False, [], ["no"], {}, {"a": True}]


@pytest.mark.parametrize(
    ("value", "flag"),
    [*((value, True) for value in TRUE), *((value, False) for value in FALSE)],
    ids=repr,
)
def test_a_flag_takes_the_usual_words_and_is_else_false(value: object, flag: bool) -> None:  # noqa: FBT001
    assert taken("cat", "indexed", value) is flag


def test_lists_and_maps_are_taken_as_they_are() -> None:
    assert taken("cat", "tags", ["a", "b"]) == ["a", "b"]
    assert taken("linker", "nstd", [{"a": 1}, "x"]) == [{"a": 1}, "x"]
    assert taken("app", "settings", {"a": {"b": [1]}}) == {"a": {"b": [1]}}


def test_a_text_of_json_of_the_right_shape_is_read() -> None:
    assert taken("cat", "tags", '["a", "b"]') == ["a", "b"]
    assert taken("app", "settings", ' {"a": {"b": [1]}} ') == {"a": {"b": [1]}}
    assert taken("webhook", "customEvents", "[]") == []


def test_an_empty_text_for_a_list_or_map_is_ignored() -> None:
    assert taken("cat", "tags", "") is None
    assert taken("linker", "nstd", "") == []
    assert taken("app", "settings", "") == {}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        pytest.param("cat", "tags", "a,b", id="a text that is no JSON"),
        pytest.param("cat", "tags", " ", id="a blank text"),
        pytest.param("cat", "tags", "[1e400]", id="a text of JSON with a number out of range"),
        pytest.param("cat", "tags", "[NaN]", id="a text with NaN"),
        pytest.param("cat", "tags", '["\\ud800"]', id="a text with half a surrogate pair"),
        pytest.param("cat", "tags", "null", id="the text null"),
        pytest.param("cat", "tags", 5, id="a number for a list"),
        pytest.param("cat", "tags", True, id="a flag for a list"),
        pytest.param("cat", "tags", {"a": 1}, id="a map for a list"),
        pytest.param("cat", "tags", '{"a": 1}', id="a text of a map for a list"),
        pytest.param("cat", "tags", ["a", 5], id="a number among texts"),
        pytest.param("cat", "tags", ["a", None], id="null among texts"),
        pytest.param("app", "settings", [], id="a list for a map"),
        pytest.param("app", "settings", "[]", id="a text of a list for a map"),
        pytest.param("app", "settings", 5, id="a number for a map"),
        pytest.param("form", "notifyEmails", True, id="a flag for addresses"),
        pytest.param("form", "notifyEmails", "a@b.co", id="an address for addresses"),
        pytest.param("app", "settings", '{"a":' * 500 + "1" + "}" * 500, id="500 levels in a text"),
        pytest.param("app", "settings", '{"a":' * 9999 + "1" + "}" * 9999, id="9,999 levels"),
        pytest.param("cat", "properties", '{"a":' * 500 + "1" + "}" * 500, id="500 custom levels"),
    ],
)
def test_another_shape_is_refused(kind: str, name: str, value: object) -> None:
    with pytest.raises(UnusableBodyError):
        object_from({name: value}, kind)


def test_a_text_of_json_may_be_as_deep_as_a_body() -> None:
    deep = '{"a":' * MAX_DEPTH + "1" + "}" * MAX_DEPTH
    assert taken("app", "settings", deep)
    custom = object_from({"properties": deep}, "cat")
    assert isinstance(custom, Sysprop)
    assert custom.properties


@pytest.mark.parametrize(("value", "emails"), [(5, ["5"]), (1.5, ["1.5"])])
def test_one_number_becomes_a_list_of_addresses(value: float, emails: list[str]) -> None:
    form = object_from({"notifyEmails": value}, "form")
    assert isinstance(form, Form)
    assert form.notify_emails == emails


@pytest.mark.parametrize("kind", [*CLASSES, "cat"])
def test_null_leaves_every_declared_field_at_its_default(kind: str) -> None:
    plain = object_from({}, kind)
    names = fields_of(type(plain))
    assert object_from(dict.fromkeys(names), kind) == plain


def test_null_in_maps_is_left_out_and_in_arrays_it_stays() -> None:
    value = {"a": None, "b": [None, {"c": None, "d": 1}]}
    clean = {"b": [None, {"d": 1}]}
    hook = object_from({"customPayload": value, "any": value}, "webhook")
    assert isinstance(hook, Webhook)
    assert (hook.custom_payload, hook.properties) == (clean, {"any": clean})
    app = object_from({"id": "a", "settings": value}, "app")
    assert isinstance(app, App)
    assert app.settings == clean


@pytest.mark.parametrize("value", [5, "text", True, ["a", 1], {"k": [1]}, 2**80, 1.5], ids=repr)
def test_custom_fields_keep_their_types(value: object) -> None:
    obj = object_from({"field": value}, "cat")
    assert isinstance(obj, Sysprop)
    assert obj.properties == {"field": value}
    assert type(obj.properties["field"]) is type(value)
