"""Which hooks want which events."""

from __future__ import annotations

from typing import Any

import pytest

from para_core.objects import Webhook
from para_server.webhooks.filters import wants, wants_custom

THING: dict[str, Any] = {
    "id": "1",
    "type": "boat",
    "name": "N",
    "tags": ["a", "b"],
    "votes": 0,
    "wet": True,
    "sails": [1, 2.5],
    "blank": " ",
    "empty": [],
    "comma": "a,b",
    "pipe": "a|b",
    "url": "https://a.b",
}


def a_hook(**fields: Any) -> Webhook:  # noqa: ANN401 - fields of a hook
    return Webhook(active=True, create=True, **fields)


@pytest.mark.parametrize(
    ("wanted", "matches"),
    {
        "": True,
        "tags:a,b": True,
        "tags:a|c": True,
        "tags:b": True,
        "tags:a,c": False,
        "tags:c|d": False,
        "tags:-": False,
        "name:N": True,
        "name:N|M": True,
        "name:n": False,
        "name:": False,
        "name": False,
        "votes:0": True,
        "votes:1": False,
        "wet:true": True,
        "wet:True": False,
        "sails:1,2.5": True,
        "sails:2.5|9": True,
        "blank:-": True,
        "empty:-": True,
        "absent:-": False,
        "absent:x": False,
        "creatorid:-": True,
        "comma:a,b": True,
        "pipe:a|b": True,
        "pipe:a": False,
        "url:https://a.b": True,
        "tags:" + "|".join([*map(str, range(49)), "a"]): True,
        "tags:" + "|".join([*map(str, range(50)), "a"]): False,
    }.items(),
    ids=lambda value: str(value)[:20],
)
def test_a_property_filter(wanted: str, *, matches: bool) -> None:
    assert wants(a_hook(property_filter=wanted), "create", [THING]) is matches


def test_any_of_several_objects_may_have_the_property() -> None:
    hook = Webhook(active=True, create_all=True, property_filter="name:N")
    assert wants(hook, "createAll", [{"type": "cat"}, THING])
    assert not wants(hook, "createAll", [{"type": "cat"}])


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [(None, True), ("", True), ("*", True), ("BOAT", True), ("cat", False), ("boats", False)],
)
def test_a_type_filter(wanted: str | None, *, matches: bool) -> None:
    assert wants(a_hook(type_filter=wanted), "create", [THING, {"type": "cat"}]) is matches


def test_only_active_hooks_with_the_event_want_it() -> None:
    assert not wants(Webhook(active=False, create=True), "create", [THING])
    assert not wants(a_hook(), "update", [THING])
    assert not wants(a_hook(), "read", [THING])


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({}, True),
        ({"type_filter": "*"}, True),
        ({"type_filter": "boat"}, False),
        ({"property_filter": "name:N"}, True),
        ({"property_filter": "name:M"}, False),
        ({"active": False}, False),
        ({"custom_events": ["other"]}, False),
    ],
)
def test_custom_events(fields: dict[str, Any], *, matches: bool) -> None:
    hook = Webhook(**{"active": True, "custom_events": ["sold"], **fields})
    assert wants_custom(hook, "sold", [THING]) is matches


def test_a_payload_that_is_no_object_has_no_properties() -> None:
    hook = Webhook(active=True, custom_events=["sold"])
    assert wants_custom(hook, "sold", ["text", 1])
    hook.property_filter = "name:N"
    assert not wants_custom(hook, "sold", ["text", 1])
