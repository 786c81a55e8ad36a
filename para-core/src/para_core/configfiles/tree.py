"""Nested dictionaries under dotted keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

__all__ = ["Tree", "lookup", "put"]

Tree: TypeAlias = dict[str, object]


def lookup(tree: Mapping[str, object], key: str) -> object:
    """Return what a dotted key leads to, or ``None``."""
    found: object = tree
    for name in key.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def put(tree: Tree, names: Sequence[str], value: object) -> None:
    """Set a value under a path; objects are merged, anything else is replaced."""
    for name in names[:-1]:
        inner = tree.get(name)
        if not isinstance(inner, dict):
            inner = tree[name] = {}
        tree = inner
    old = tree.get(names[-1])
    if isinstance(value, dict):
        tree[names[-1]] = merged = old if isinstance(old, dict) else {}
        for name, inner in value.items():
            put(merged, [name], inner)
    else:
        tree[names[-1]] = value
