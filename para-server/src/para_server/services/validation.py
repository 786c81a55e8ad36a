"""Holding an object against the rules of its type and the constraints of its app."""

from __future__ import annotations

from typing import Any

from para_core.constraints import ObjectView, readable_constraints
from para_core.constraints import validate as messages_of
from para_core.errors import InvalidObjectError
from para_core.objects import App, ParaObject, Sysprop, Webhook
from para_core.objects.codec import derived
from para_core.objects.fields import fields_of

__all__ = ["validate"]

_SHORT_NAME = 128  # characters; longer ones are left to the rules


def validate(obj: ParaObject, app: App, now_ms: int) -> None:
    """Refuse an object that breaks a rule.

    Raises:
        InvalidObjectError: With all messages, in their order.
    """
    is_generic = isinstance(obj, Sysprop) and obj.type != "sysprop"
    constrained = app.validation_constraints if is_generic else {}
    constraints = readable_constraints(constrained) if obj.type in constrained else {}
    if not constraints and is_generic and not isinstance(obj, Webhook) and _is_named(obj):
        return  # nothing but the name has a rule
    messages = messages_of(_view(obj), constraints, now_ms=now_ms)
    if messages:
        raise InvalidObjectError(messages)


def _is_named(obj: ParaObject) -> bool:
    """Return whether the name breaks none of the rules for names."""
    name = obj.name or ""
    return 0 < len(name) < _SHORT_NAME and not name.isspace()


def _view(obj: ParaObject) -> ObjectView:
    fields: dict[str, Any] = {
        name: getattr(obj, field.attribute) for name, field in fields_of(type(obj)).items()
    }
    fields.update(derived(obj))
    custom = obj.properties if isinstance(obj, Sysprop) else {}
    is_generic = isinstance(obj, Sysprop) and obj.type != "sysprop"
    return ObjectView(type=obj.type, fields=fields, custom=custom, is_generic=is_generic)
