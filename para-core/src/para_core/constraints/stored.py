"""The constraints that an app keeps: type, field, name and payload inside each other.

No function changes a map that is passed to it: it answers another one, or the same if nothing had
to change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from para_core.constraints.kinds import KINDS
from para_core.constraints.rules import core_constraints
from para_core.types import CORE_TYPES

__all__ = [
    "Constraints",
    "add_constraint",
    "all_constraints",
    "constraints_of",
    "readable_constraints",
    "remove_constraint",
]

Constraints = Mapping[str, Mapping[str, Mapping[str, Mapping[str, object]]]]
"""Payloads by type, field and name of the constraint."""


def readable_constraints(stored: object) -> Constraints:
    """What can be read in a map that clients may have written as they liked.

    Parts of another shape, and types and fields without constraints, are left out.
    """
    return {kind: fields for kind, value in _items(stored) if (fields := _readable_fields(value))}


def _readable_fields(stored: object) -> dict[str, dict[str, Mapping[str, object]]]:
    fields = {}
    for field, value in _items(stored):
        rules = {name: payload for name, payload in _items(value) if isinstance(payload, Mapping)}
        if rules:
            fields[field] = rules
    return fields


def _items(value: object) -> list[tuple[str, object]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def add_constraint(
    stored: Constraints, kind: str, field: str, name: str, payload: object
) -> Constraints:
    """The constraints with one more, which replaces one of the same name.

    Args:
        stored: What the app has.
        kind: The singular of a type, taken as it is.
        field: A field of objects of that type.
        name: One of ``KINDS``, in lower case.
        payload: What a client sent; its numbers may be texts, keys without a meaning are dropped.

    Returns:
        ``stored`` itself when nothing is added: the name is unknown, the payload is no map or
        lacks a key, or the type or field is blank.
    """
    rule = KINDS.get(name)
    if rule is None or not isinstance(payload, Mapping) or not kind.strip() or not field.strip():
        return stored
    kept = rule.payload(payload)
    if kept is None:
        return stored
    fields = stored.get(kind, {})
    rules = {**fields.get(field, {}), name: kept}
    return {**stored, kind: {**fields, field: rules}}


def remove_constraint(stored: Constraints, kind: str, field: str, name: str) -> Constraints:
    """The constraints without one; a field or type that has none left goes with it.

    Returns:
        ``stored`` itself when there was no such constraint.
    """
    if name not in stored.get(kind, {}).get(field, {}):
        return stored
    rules = {other: load for other, load in stored[kind][field].items() if other != name}
    fields = {**stored[kind], field: rules}
    return readable_constraints({**stored, kind: fields})


def constraints_of(stored: Constraints, kind: str) -> Constraints:
    """All constraints of one type, as the API shows them; empty when it has none.

    What the app says about a field takes the place of all that the core says about it.
    """
    fields = {**core_constraints(kind), **stored.get(kind, {})}
    return {kind: fields} if fields else {}


def all_constraints(stored: Constraints, types: Iterable[str] = ()) -> Constraints:
    """The constraints of the core types and of the types of the app that have some.

    Args:
        stored: What the app has.
        types: The singulars that the app lists among its types; a type that no object has had yet
            is shown only when it is asked for by name.
    """
    shown: dict[str, Mapping[str, Mapping[str, Mapping[str, object]]]] = {}
    for kind in dict.fromkeys([*CORE_TYPES, *types]):
        shown.update(constraints_of(stored, kind))
    return shown
