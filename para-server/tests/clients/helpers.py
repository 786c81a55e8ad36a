"""What the tests with the Python client share."""

from __future__ import annotations

from collections.abc import Iterable

from paraclient import Pager, ParaObject

__all__ = ["an_object", "ids", "page_of"]


def an_object(key: str | None, kind: str = "cat", **fields: object) -> ParaObject:
    """Return an object of the client with these fields."""
    made = ParaObject(key, kind)
    made.setFields(fields)
    return made


def ids(objects: Iterable[ParaObject]) -> list[str]:
    """Return the ids of objects, in their order."""
    return [found.id for found in objects]


def page_of(limit: int = 30, *, sort: str = "timestamp", desc: bool = True, page: int = 1) -> Pager:
    """Return a pager of the client."""
    return Pager(page, sort, desc, limit)
