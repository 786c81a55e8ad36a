"""Bodies become objects, and change them."""

from __future__ import annotations

from typing import Any

import pytest

from para_core.errors import UnusableBodyError
from para_core.objects.base import CLASSES, App, Linker, Sysprop, Tag, User, Vote, Webhook
from para_core.objects.fields import COMMON_LOCKED, fields_of
from para_core.objects.incoming import merge, object_from


def a_cat(**fields: object) -> Sysprop:
    """A cat made of a body."""
    obj = object_from(fields, "cat")
    assert isinstance(obj, Sysprop)
    return obj


def changed(obj: Sysprop, **fields: object) -> Sysprop:
    """The object after a PATCH."""
    merge(obj, fields)
    return obj


# ---- making -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*CLASSES, "cat", "User", "users"])
def test_the_class_is_chosen_by_the_exact_singular(kind: str) -> None:
    obj = object_from({}, kind)
    assert type(obj) is CLASSES.get(kind, Sysprop)
    assert obj.type == kind


def test_the_type_in_the_body_does_not_count() -> None:
    assert a_cat(type="dog").type == "cat"
    assert a_cat(type=None).type == "cat"


def test_a_new_object_has_the_documented_defaults() -> None:
    cat = a_cat()
    assert (cat.id, cat.timestamp, cat.updated, cat.name, cat.tags) == ("", None, None, None, None)
    assert (cat.votes, cat.version) == (0, 0)
    assert (cat.stored, cat.indexed, cat.cached) == (True, True, True)


def test_an_empty_name_is_ignored_and_a_blank_one_is_taken() -> None:
    assert a_cat(name="").name is None
    assert a_cat(name=[]).name is None
    assert a_cat(name="   ").name == "   "
    assert changed(a_cat(name="Tom"), name="").name == "Tom"
    assert changed(a_cat(name="Tom"), name=None).name == "Tom"


def test_keys_with_dots_and_brackets_are_kept_literally() -> None:
    odd = {"a.b": 1, "c[0]": 2, "$d": 3, "тип": 4}
    assert a_cat(**odd).properties == odd


def test_blank_names_and_derived_fields_are_ignored() -> None:
    cat = a_cat(**{"": 1, "  ": 2, "plural": "x", "objectURI": "/y", "kept": 3})
    assert cat.properties == {"kept": 3}


def test_properties_are_the_custom_fields_before_those_beside_them() -> None:
    assert a_cat(a=5, properties={"a": 1, "b": 2}).properties == {"a": 5, "b": 2}
    assert a_cat(properties='{"a": 1}').properties == {"a": 1}
    assert a_cat(properties={}, b=1).properties == {"b": 1}


def test_properties_cannot_hide_declared_or_derived_fields() -> None:
    cat = a_cat(name="Tom", properties={"name": "Eve", "id": "x", "plural": "y", "": 0, "n": None})
    assert (cat.name, cat.id, cat.properties) == ("Tom", "", {})


@pytest.mark.parametrize("value", ["text", "[1]", 5, [1], True], ids=repr)
def test_properties_that_are_no_map_are_a_custom_field(value: object) -> None:
    assert a_cat(properties=value).properties == {"properties": value}


@pytest.mark.parametrize("kind", sorted(CLASSES.keys() - {"sysprop", "webhook"}))
def test_core_types_drop_what_they_do_not_declare(kind: str) -> None:
    obj = object_from({"colour": "red", "properties": {"a": 1}, "password": "x"}, kind)
    assert obj == object_from({}, kind)


def test_webhooks_keep_custom_fields() -> None:
    hook = object_from({"targetUrl": "http://a", "colour": "red"}, "webhook")
    assert isinstance(hook, Webhook)
    assert (hook.target_url, hook.properties) == ("http://a", {"colour": "red"})


# ---- changing -----------------------------------------------------------------------------------


def test_custom_fields_are_merged_key_by_key_and_replaced_whole() -> None:
    cat = changed(a_cat(a=1, deep={"x": 1, "y": 2}), deep={"z": 3}, b=2)
    assert cat.properties == {"a": 1, "deep": {"z": 3}, "b": 2}


def test_null_removes_a_custom_field_and_keeps_a_declared_one() -> None:
    cat = changed(a_cat(a=1, parentid="p", votes=3, tags=["t"]), a=None, votes=None, tags=None)
    assert (cat.properties, cat.parentid, cat.votes, cat.tags) == ({}, "p", 3, ["t"])


def test_properties_replace_the_custom_fields() -> None:
    assert changed(a_cat(a=1, b=2), properties={"c": 3}).properties == {"c": 3}
    assert changed(a_cat(a=1), properties={}).properties == {}
    assert changed(a_cat(a=1), properties={"b": 2}, a=5).properties == {"b": 2, "a": 5}


def test_tags_are_replaced_and_can_be_cleared() -> None:
    assert changed(a_cat(tags=["a"]), tags=["b"]).tags == ["b"]
    assert changed(a_cat(tags=["a"]), tags=[]).tags == []


def test_an_empty_body_changes_nothing() -> None:
    assert changed(a_cat(a=1, name="Tom")) == a_cat(a=1, name="Tom")


LOCKED: dict[str, set[str]] = {
    "user": {"groups", "tokenSecret"},
    "app": {"sharingIndex", "sharingTable", "secret", "readOnly", "datatypes"},
    "tag": {"tag"},
    "vote": {"value", "expiresAfter", "lockedAfter"},
    "linker": {"id1", "id2", "type1", "type2"},
    "translation": {"authorName", "locale", "thekey"},
}


@pytest.mark.parametrize("kind", [*CLASSES, "cat"])
def test_locked_fields_are_ignored_even_if_they_were_unset(kind: str) -> None:
    obj, same = object_from({}, kind), object_from({}, kind)
    other = {"datatypes": {"x": "y"}, "timestamp": 5, "expiresAfter": 5, "lockedAfter": 5}
    other |= dict.fromkeys(["sharingIndex", "sharingTable", "readOnly"], True)
    names = COMMON_LOCKED | LOCKED.get(kind, set())
    merge(obj, {name: other.get(name, "other") for name in names})
    assert obj == same


@pytest.mark.parametrize("kind", [*CLASSES, "cat"])
def test_no_other_field_is_locked(kind: str) -> None:
    declared = fields_of(CLASSES.get(kind, Sysprop))
    by_rule = {"tags", "votes"} if kind == "vote" else set()
    hidden = {"twoFAstep", "verifiedEmail"} & declared.keys()
    locked = {name for name, field in declared.items() if field.is_locked}
    assert locked == COMMON_LOCKED | LOCKED.get(kind, set()) | by_rule | hidden


def test_a_value_that_cannot_be_taken_refuses_the_whole_change() -> None:
    with pytest.raises(UnusableBodyError, match=r"^tags: a number where a list belongs$"):
        merge(a_cat(), {"name": "x", "tags": 5, "custom": 1})


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("cat", {"tags": ["a", 5]}, "tags: a list of texts has an item that is no text"),
        ("app", {"settings": [1]}, "settings: a list where an object belongs"),
        ("app", {"name": "a", "datatypes": "x"}, "datatypes: a text where an object belongs"),
        ("form", {"notifyEmails": True}, "notifyEmails: a boolean where a list belongs"),
    ],
    ids=["an item", "a list", "a text", "a boolean"],
)
def test_the_reason_names_the_field(kind: str, body: dict[str, object], reason: str) -> None:
    with pytest.raises(UnusableBodyError, match=f"^{reason}$"):
        object_from(body, kind)


# ---- what classes settle to ---------------------------------------------------------------------


def test_a_user_is_cleaned() -> None:
    user = object_from(
        {
            "name": "Jo$%hn <b>D'oe-Smith,  Jr.</b> ",
            "email": "A@B.CO",
            "currency": "usd",
            "groups": " ",
            "picture": "  ",
        },
        "user",
    )
    assert isinstance(user, User)
    assert user.name == "John bD'oe-Smith, Jr.b"
    assert (user.email, user.currency, user.groups) == ("a@b.co", "USD", "users")
    assert user.picture == "https://www.gravatar.com/avatar?d=mm&size=400"
    assert (user.active, user.two_fa, user.identifier) == (False, False, None)


def test_an_unknown_currency_is_the_euro_and_none_stays_none() -> None:
    euro, none = object_from({"currency": "xyz"}, "user"), object_from({}, "user")
    assert isinstance(euro, User)
    assert isinstance(none, User)
    assert (euro.currency, none.currency) == ("EUR", None)


def test_a_name_of_symbols_only_becomes_empty() -> None:
    assert object_from({"name": "$$$"}, "user").name == ""


@pytest.mark.parametrize(
    ("groups", "is_admin"), [("admins", True), ("Admins", True), ("mods", False), ("users", False)]
)
def test_admins_are_the_users_of_that_group(groups: str, is_admin: bool) -> None:  # noqa: FBT001
    user = object_from({"groups": groups}, "user")
    assert isinstance(user, User)
    assert user.is_admin is is_admin


@pytest.mark.parametrize(
    ("body", "key", "tag"),
    [
        pytest.param({"tag": "C ++"}, "tag:c-++", "c-++", id="the tag alone"),
        pytest.param({"id": "C ++"}, "tag:c-++", "c-++", id="the id alone"),
        pytest.param({"id": "tag:c"}, "tag:c", "c", id="an id with its prefix"),
        pytest.param({"id": "x", "tag": "Y Z"}, "tag:x", "y-z", id="the id, then the tag"),
        pytest.param({"tag": "Y Z", "id": "x"}, "tag:x", "y-z", id="the tag, then the id"),
        pytest.param({"id": "", "tag": "t"}, "tag:t", "t", id="an empty id"),
        pytest.param({"id": " ", "tag": "t"}, "tag:t", "t", id="a blank id"),
        pytest.param({"tag": "tag:test tag"}, "tag:tag-test-tag", "tag-test-tag", id="a prefix"),
        pytest.param({"id": "#"}, "tag:", "", id="nothing is left"),
        pytest.param({}, "", None, id="neither"),
    ],
)
def test_id_and_text_of_a_tag_make_each_other(
    body: dict[str, Any], key: str, tag: str | None
) -> None:
    obj = object_from(body, "tag")
    assert isinstance(obj, Tag)
    assert (obj.id, obj.tag, obj.count) == (key, tag, 0)


@pytest.mark.parametrize(
    ("text", "key"),
    [("test app", "app:test-app"), ("app:x", "app:x"), ("app:app:x", "app:x"), (":", "")],
)
def test_the_id_of_an_app_is_made_of_any_text(text: str, key: str) -> None:
    app = object_from({"id": text}, "app")
    assert isinstance(app, App)
    assert (app.id, app.identifier) == (key, key.partition(":")[2])
    assert (app.active, app.read_only, app.token_validity_sec) == (True, False, 86_400)


def test_a_vote_has_its_type_and_neither_tags_nor_votes() -> None:
    vote = object_from(
        {"creatorid": "u", "parentid": "o", "tags": ["a"], "votes": 5, "value": "up"}, "vote"
    )
    assert isinstance(vote, Vote)
    assert (vote.id, vote.type, vote.tags, vote.votes) == ("vote:u:o", "vote", [], 0)
    assert (vote.name, vote.expires_after, vote.locked_after) == ("vote", 2_592_000, 30)


def test_a_vote_keeps_an_id_of_its_own_and_has_none_without_its_ends() -> None:
    assert object_from({"id": "v", "creatorid": "u", "parentid": "o"}, "vote").id == "v"
    assert object_from({"parentid": "o"}, "vote").id == ""


def test_a_linker_is_named_by_its_types() -> None:
    link = object_from({"type1": "a", "type2": "b"}, "linker")
    assert isinstance(link, Linker)
    assert (link.name, link.nstd) == ("a:b", [])
    assert object_from({"type1": "a", "type2": "b", "name": "mine"}, "linker").name == "mine"


def test_a_form_notifies_ten_addresses_at_most() -> None:
    form = object_from({"notifyEmails": [f"a{n}@b.co" for n in range(12)]}, "form")
    assert getattr(form, "notify_emails") == [f"a{n}@b.co" for n in range(10)]  # noqa: B009


@pytest.mark.parametrize(("plaintext", "shown"), [(True, False), (False, True)])
def test_markdown_in_a_form_needs_more_than_plain_text(plaintext: bool, shown: bool) -> None:  # noqa: FBT001
    form = object_from({"plaintextOnly": plaintext, "markdownEnabled": True}, "form")
    assert getattr(form, "markdown_enabled") is shown  # noqa: B009


@pytest.mark.parametrize(("given", "kept"), [(-3, 3), ("x", 0), (2, 2)])
def test_attempts_of_a_webhook_are_an_absolute_value(given: object, kept: int) -> None:
    hook = object_from({"repeatedDeliveryAttempts": given}, "webhook")
    assert isinstance(hook, Webhook)
    assert hook.repeated_delivery_attempts == kept


def test_a_trigger_without_a_url_gets_one_that_passes_the_rules() -> None:
    hook = object_from({"triggeredEvent": "e"}, "webhook")
    assert isinstance(hook, Webhook)
    assert hook.target_url == "https://para"
