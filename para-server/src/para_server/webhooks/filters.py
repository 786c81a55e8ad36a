"""Which hooks want to hear of an event: its name, the type of the objects, one of their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from para_core.objects import Webhook
from para_core.objects.fields import declared_fields

__all__ = ["EVENTS", "wants", "wants_custom"]

EVENTS: Mapping[str, str] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "createAll": "create_all",
    "updateAll": "update_all",
    "deleteAll": "delete_all",
}
"""The attributes of a hook by the events that they subscribe to."""

_EVERYTHING = ("", "*")
_EMPTY = "-"
_MOST_VALUES = 50


def wants(hook: Webhook, event: str, items: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a hook hears of what happened to these objects."""
    if not hook.active or not getattr(hook, EVENTS.get(event, ""), False):
        return False
    return _is_of_type(hook.type_filter, items) and _has_property(hook.property_filter, items)


def wants_custom(hook: Webhook, event: str, items: Sequence[Any]) -> bool:
    """Return whether a hook hears of an event that an app made up; its payloads have no type."""
    if not hook.active or event not in hook.custom_events:
        return False
    if (hook.type_filter or "").strip() not in _EVERYTHING:
        return False
    return _has_property(hook.property_filter, [item for item in items if isinstance(item, dict)])


def _is_of_type(wanted: str | None, items: Sequence[Mapping[str, Any]]) -> bool:
    """Look at the first of several objects only, as the original does."""
    wanted = (wanted or "").strip()
    if wanted in _EVERYTHING:
        return True
    return bool(items) and str(items[0].get("type", "")).lower() == wanted.lower()


def _has_property(wanted: str | None, items: Sequence[Mapping[str, Any]]) -> bool:
    wanted = (wanted or "").strip()
    if not wanted:
        return True
    name, colon, value = wanted.partition(":")
    return bool(colon) and any(_matches(item, name, value) for item in items)


def _matches(item: Mapping[str, Any], name: str, wanted: str) -> bool:
    is_there = name in item or name in declared_fields(str(item.get("type", "")))
    value = item.get(name)
    if wanted == _EMPTY:
        return is_there and _is_blank(value)
    if value is None:
        return False
    if isinstance(value, list):
        held = {_text(part) for part in value}
        if "," in wanted:
            return held.issuperset(_values(wanted, ","))
        return not held.isdisjoint(_values(wanted, "|"))
    text = _text(value)
    return text == wanted or ("|" in wanted and text in _values(wanted, "|"))


def _values(wanted: str, separator: str) -> list[str]:
    return wanted.split(separator)[:_MOST_VALUES]


def _is_blank(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or value == []


def _text(value: object) -> str:
    """Return a value as JSON writes it, texts without quotes."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
