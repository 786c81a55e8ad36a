"""JSON values inside each other: how deep they may be, and ``null`` in them."""

from __future__ import annotations

__all__ = ["MAX_DEPTH", "is_too_deep", "without_nulls"]

MAX_DEPTH = 200
"""Levels of lists and objects inside each other in a body; all code that walks them recurses."""


def is_too_deep(value: object) -> bool:
    """Return whether a JSON value has more than ``MAX_DEPTH`` levels; this does not recurse."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for one in level:
            if isinstance(one, dict):
                inner += [item for item in one.values() if isinstance(item, dict | list)]
            elif isinstance(one, list):
                inner += [item for item in one if isinstance(item, dict | list)]
        if not inner:
            return False
        level = inner
    return True


def without_nulls(value: object) -> object:
    """Return a JSON value without the ``null`` entries of its maps, at any depth."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) if isinstance(item, dict | list) else item for item in value]
    return value
