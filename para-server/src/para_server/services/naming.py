"""What the names of types and ids in paths and bodies mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.remembering import remembered
from para_core.types import CORE_TYPES, SINGULARS, app_id, clean_type, plural_of, tag_id

if TYPE_CHECKING:
    from para_core.objects import App
    from para_server.access.principal import Principal

__all__ = ["normal_id", "safe_type", "type_of_path", "type_of_post"]


def type_of_path(app: App, segment: str) -> str:
    """Return the type that a path segment names: a known plural stands for its singular."""
    return app.datatypes.get(segment) or SINGULARS.get(segment) or segment


def normal_id(kind: str, key: str) -> str:
    """Return the id that a path means: tags and apps go by their names as well."""
    if kind == "tag":
        return tag_id(key)
    if kind == "app":
        return app_id(key) or key
    return key


def type_of_post(app: App, segment: str, told: str | None) -> str:
    """Return the type of a new object: what its body tells, if the path is a plural of that."""
    kind = type_of_path(app, segment)
    if told and told.strip() and told != "app" and segment in _plurals_of(told):
        return told
    return kind


def safe_type(caller: Principal, kind: str) -> str:
    """Return the type that decides the class of a new object.

    What is cleaned to a core type is of that type from the start, with its class and its rules; and
    so is everything of users, lest ``no#tes`` pass for another type than ``notes``.
    """
    cleaned = clean_type(kind)
    is_core = cleaned in CORE_TYPES and cleaned != "sysprop"
    return cleaned if is_core or not caller.is_app else kind


@remembered(most=4096, longest=100)
def _plurals_of(kind: str) -> set[str]:
    """Return the names that people give to many of a kind, Para's own and the usual ones."""
    return {plural_of(kind), f"{kind}s", f"{kind}es", kind.removesuffix("y") + "ies"}
