"""The rules of the core types, which no app can change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from para_core.formats import is_email, is_mailbox, is_url
from para_core.text import is_blank, utf16_length

__all__ = ["CORE_RULES", "MAX_PASSWORD", "NAME_RULES", "Rule", "core_constraints"]

MAX_PASSWORD = 5000  # characters


@dataclass(frozen=True, slots=True)
class Rule:
    """What one field of a type must be."""

    field: str
    text: str  # what is said about a field that breaks it
    allows: Callable[[object], bool]
    shown: str = ""  # the kind of constraint it is for clients; empty: not shown
    low: int = 0
    high: int = 0

    def message(self) -> str:
        """What a client is told when it is broken."""
        return f"'{self.field}' {self.text}"

    def payload(self) -> dict[str, object]:
        """The constraint that clients see."""
        bounds: dict[str, object] = {"min": self.low, "max": self.high} if self.high else {}
        return bounds | {"message": f"messages.{self.shown}"}


def _is_no_blank(value: object) -> bool:
    return isinstance(value, str) and not is_blank(value)


def _is_no_null(value: object) -> bool:
    return value is not None


def _has_items(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value)


def _is_pattern_of_email(value: object) -> bool:
    return value is None or is_email(value)


def _is_deliverable(value: object) -> bool:
    return not isinstance(value, str) or not value or is_mailbox(value)


def _is_url_if_any(value: object) -> bool:
    return not isinstance(value, str) or not value or is_url(value)


def _filled(field: str) -> Rule:
    return Rule(field, "must not be blank", _is_no_blank, "required")


def _sized(field: str, low: int, high: int, shown: str = "size") -> Rule:
    def allows(value: object) -> bool:
        return not isinstance(value, str) or low <= utf16_length(value) <= high

    return Rule(field, f"size must be between {low} and {high}", allows, shown, low, high)


def _set(field: str) -> Rule:
    return Rule(field, "must not be null", _is_no_null, "required")


def _located(field: str) -> Rule:
    return Rule(field, "must be a valid URL", _is_url_if_any, "url")


_NO_EMAIL = "Please provide a valid email address"

NAME_RULES = (
    Rule("name", "must not be blank", _is_no_blank),
    _sized("name", 1, 255, shown=""),
)
"""Rules of every object; not shown to clients, since a missing name is filled in."""

CORE_RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "user": (
            _filled("identifier"),
            _filled("groups"),
            _filled("email"),
            Rule("email", _NO_EMAIL, _is_deliverable, "email"),
            Rule("email", _NO_EMAIL, _is_pattern_of_email, "email"),
        ),
        "app": (_filled("id"),),
        "tag": (_filled("tag"),),
        "vote": (_filled("value"), _set("expiresAfter"), _set("lockedAfter")),
        "linker": (_filled("id1"), _filled("id2"), _filled("type1"), _filled("type2")),
        "translation": (
            _filled("authorName"),
            _filled("locale"),
            _filled("thekey"),
            _filled("value"),
        ),
        "address": (
            _filled("address"),
            _sized("address", 3, 255),
            _filled("country"),
            _sized("country", 2, 255),
            _sized("city", 0, 255),
            _filled("latlng"),
        ),
        "webhook": (_filled("targetUrl"), _located("targetUrl")),
        "form": (
            _filled("captchaSecretKey"),
            Rule("notifyEmails", "must not be empty", _has_items, "required"),
            _located("redirectTo"),
        ),
    }
)
"""Rules by core type, in the order in which their messages come."""


def core_constraints(kind: str) -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    """The rules of a core type as constraints that clients see; empty for other types."""
    return _SHOWN.get(kind, _NONE)


def _shown(kind: str) -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    fields: dict[str, dict[str, Mapping[str, object]]] = {}
    for rule in CORE_RULES[kind]:
        fields.setdefault(rule.field, {})[rule.shown] = rule.payload()
    if kind == "user":
        fields["password"] = {"max": {"value": MAX_PASSWORD, "message": "messages.max"}}
    return MappingProxyType(fields)


_NONE: Mapping[str, Mapping[str, Mapping[str, object]]] = MappingProxyType({})
_SHOWN = MappingProxyType({kind: _shown(kind) for kind in CORE_RULES})
