"""Holding an object against all rules that apply to it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from para_core.constraints.kinds import KINDS
from para_core.constraints.rules import CORE_RULES, MAX_PASSWORD, NAME_RULES
from para_core.constraints.stored import Constraints, readable_constraints
from para_core.objects.identifiers import is_identifier
from para_core.patterns import PatternError
from para_core.text import grouped_number

__all__ = ["ObjectView", "app_messages", "core_messages", "validate"]

logger = logging.getLogger(__name__)

_UNKNOWN_IDENTIFIER = (
    "identifier is invalid - identifier field must be an email or start with a valid prefix,"
    " e.g. 'oa2:abc'."
)
_LONG_PASSWORD = f"password must not be longer than {grouped_number(MAX_PASSWORD)}."


@dataclass(frozen=True, slots=True)
class ObjectView:
    """What validation has to know of an object."""

    type: str
    fields: Mapping[str, object]  # declared and derived fields as in JSON; a user's password too
    custom: Mapping[str, object] = field(default_factory=dict)
    is_generic: bool = True  # of the class that takes custom properties: custom types, webhooks


def validate(view: ObjectView, constraints: Constraints, *, now_ms: int) -> list[str]:
    """The messages about an object; none when it is valid.

    Constraints of the app come first. If one is broken, the core rules are not looked at.

    Args:
        view: The object.
        constraints: What the app keeps, as stored: parts that cannot be read count as absent.
        now_ms: The time for ``future`` and ``past``.
    """
    return app_messages(view, constraints, now_ms=now_ms) or core_messages(view)


def app_messages(view: ObjectView, constraints: Constraints, *, now_ms: int) -> list[str]:
    """Messages of the constraints that the app keeps for this type, in the order they were made.

    They hold for custom types and webhooks only. A pattern that cannot be read is logged and
    silences all of them, so that nobody is locked out by a rule that nothing can satisfy.
    """
    if not view.is_generic or view.type == "sysprop" or not constraints.get(view.type):
        return []
    fields = readable_constraints({view.type: constraints[view.type]}).get(view.type, {})
    try:
        return [
            KINDS[name].message(key, payload)
            for key, rules in fields.items()
            for name, payload in rules.items()
            if name in KINDS and not _holds(view, key, name, payload, now_ms)
        ]
    except PatternError as error:
        logger.warning("unreadable constraint", extra={"type": view.type, "reason": str(error)})
        return []


def _holds(
    view: ObjectView, key: str, name: str, payload: Mapping[str, object], now_ms: int
) -> bool:
    value = view.custom.get(key)
    if value is None:
        value = view.fields.get(key)
    is_free = value is None and name != "required"
    return is_free or KINDS[name].allows(value, payload, now_ms)


def core_messages(view: ObjectView) -> list[str]:
    """Messages of the rules that hold for every object and for objects of a core type."""
    rules = (*NAME_RULES, *CORE_RULES.get(view.type, ()))
    messages = [rule.message() for rule in rules if not rule.allows(view.fields.get(rule.field))]
    return messages + _messages_about_user(view.fields) if view.type == "user" else messages


def _messages_about_user(fields: Mapping[str, object]) -> list[str]:
    messages = []
    password, identifier = fields.get("password"), fields.get("identifier")
    if isinstance(password, str) and len(password) > MAX_PASSWORD:
        messages.append(_LONG_PASSWORD)
    if not isinstance(identifier, str) or not is_identifier(identifier):
        messages.append(_UNKNOWN_IDENTIFIER)
    return messages
