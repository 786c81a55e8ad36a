"""The rules of the core types."""

from __future__ import annotations

from typing import Any

import pytest

from para_core.constraints import ObjectView, core_messages

NO_EMAIL = "'email' Please provide a valid email address"
NO_IDENTIFIER = (
    "identifier is invalid - identifier field must be an email or start with a valid prefix,"
    " e.g. 'oa2:abc'."
)
VALID: dict[str, dict[str, Any]] = {
    "user": {"identifier": "a@b.co", "groups": "users", "email": "a@b.co"},
    "app": {"id": "app:x"},
    "tag": {"tag": "t"},
    "vote": {"value": "up", "expiresAfter": 1, "lockedAfter": 1},
    "linker": {"id1": "1", "id2": "2", "type1": "a", "type2": "b"},
    "translation": {"authorName": "A", "locale": "en", "thekey": "k", "value": "v"},
    "address": {"address": "1 Main", "country": "BG", "latlng": "1,1"},
    "webhook": {"targetUrl": "https://example.org"},
    "form": {"captchaSecretKey": "k", "notifyEmails": ["a@b.co"]},
    "sysprop": {},
    "cat": {},
}


def messages_about(kind: str, **changes: object) -> list[str]:
    """What is said about a valid object of a type after these changes."""
    return core_messages(ObjectView(kind, {"name": "N", **VALID[kind], **changes}))


@pytest.mark.parametrize("kind", VALID)
def test_a_complete_object_is_valid(kind: str) -> None:
    assert messages_about(kind) == []


@pytest.mark.parametrize("kind", VALID)
@pytest.mark.parametrize(
    ("name", "messages"),
    [
        (None, ["'name' must not be blank"]),
        ("   ", ["'name' must not be blank"]),
        ("", ["'name' must not be blank", "'name' size must be between 1 and 255"]),
        ("x" * 255, []),
        ("x" * 256, ["'name' size must be between 1 and 255"]),
    ],
    ids=["null", "blank", "empty", "longest", "too long"],
)
def test_every_object_has_a_name_of_255_characters_at_most(
    kind: str, name: str | None, messages: list[str]
) -> None:
    assert messages_about(kind, name=name) == messages


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("app", "id"),
        ("tag", "tag"),
        ("vote", "value"),
        ("linker", "id1"),
        ("linker", "id2"),
        ("linker", "type1"),
        ("linker", "type2"),
        ("translation", "authorName"),
        ("translation", "locale"),
        ("translation", "thekey"),
        ("translation", "value"),
        ("address", "country"),
        ("address", "latlng"),
        ("webhook", "targetUrl"),
        ("form", "captchaSecretKey"),
        ("user", "groups"),
        ("user", "email"),
    ],
)
def test_a_required_field_must_not_be_blank(kind: str, field: str) -> None:
    message = f"'{field}' must not be blank"
    assert messages_about(kind, **{field: None}) == [message]
    assert message in messages_about(kind, **{field: "  "})


@pytest.mark.parametrize(
    ("kind", "field", "value", "messages"),
    [
        (
            "address",
            "address",
            "",
            ["'address' must not be blank", "'address' size must be between 3 and 255"],
        ),
        ("address", "address", "12", ["'address' size must be between 3 and 255"]),
        ("address", "address", "x" * 256, ["'address' size must be between 3 and 255"]),
        ("address", "country", "B", ["'country' size must be between 2 and 255"]),
        ("address", "city", "y" * 256, ["'city' size must be between 0 and 255"]),
        ("address", "city", "", []),
        ("address", "latlng", "here", []),
        ("vote", "expiresAfter", None, ["'expiresAfter' must not be null"]),
        ("vote", "lockedAfter", None, ["'lockedAfter' must not be null"]),
        ("vote", "lockedAfter", 0, []),
        ("webhook", "targetUrl", "example.org", ["'targetUrl' must be a valid URL"]),
        ("webhook", "targetUrl", "ftp://example.org/x", []),
        ("webhook", "targetUrl", "", ["'targetUrl' must not be blank"]),
        ("form", "notifyEmails", [], ["'notifyEmails' must not be empty"]),
        ("form", "notifyEmails", None, ["'notifyEmails' must not be empty"]),
        ("form", "redirectTo", "nowhere", ["'redirectTo' must be a valid URL"]),
        ("form", "redirectTo", "", []),
        ("user", "email", "asd@asd", [NO_EMAIL]),
        ("user", "email", "a@b..co", [NO_EMAIL]),
        ("user", "email", "nothing", [NO_EMAIL, NO_EMAIL]),
        ("user", "password", "x" * 5000, []),
        ("user", "password", "x" * 5001, ["password must not be longer than 5,000."]),
        ("user", "identifier", None, ["'identifier' must not be blank", NO_IDENTIFIER]),
        ("user", "identifier", "something", [NO_IDENTIFIER]),
        ("user", "identifier", "OA2second:1", []),
        ("user", "identifier", "zz:1", [NO_IDENTIFIER]),
    ],
)
def test_a_broken_rule_names_its_field(
    kind: str, field: str, value: object, messages: list[str]
) -> None:
    assert messages_about(kind, **{field: value}) == messages


def test_the_checks_of_users_come_last() -> None:
    messages = messages_about("user", identifier=" ", email="x", password="x" * 5001)
    assert messages == [
        "'identifier' must not be blank",
        NO_EMAIL,
        NO_EMAIL,
        "password must not be longer than 5,000.",
        NO_IDENTIFIER,
    ]
