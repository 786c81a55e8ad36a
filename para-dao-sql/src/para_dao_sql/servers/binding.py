"""Puts values beside a statement, for drivers that know no lists.

Statements are written with ``$1``, ``$2``, …; see ``servers.dialect``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

__all__ = ["bind", "insert_into", "portions_of"]

R = TypeVar("R", bound=Sequence[object])

_PLACE = re.compile(r"\$(\d+)")


def bind(query: str, values: Sequence[object], mark: str) -> tuple[str, list[object]]:
    """Return a statement as a driver wants it, and the values for its marks: ``@P1``, ``@P2``, ….

    A value that stands twice is sent once, and one that stands nowhere is not sent. A list becomes
    its items with commas between them, for ``IN ($1)``; the last is repeated until there are as
    many as a power of two, so that the database keeps few plans.

    Args:
        query: The statement.
        values: The first is for ``$1``.
        mark: What stands before the number of a mark: ``@P`` or ``:p``.
    """
    texts, places = _parts(query)
    flat: list[object] = []
    marks: dict[int, str] = {}
    for place in sorted(set(places)):
        value = values[place]
        first = len(flat) + 1
        flat += _padded(value) if isinstance(value, list) else [value]
        marks[place] = ", ".join(f"{mark}{number}" for number in range(first, len(flat) + 1))
    made = [texts[0]]
    for place, text in zip(places, texts[1:], strict=True):
        made += (marks[place], text)
    return "".join(made), flat


def insert_into(table: str, columns: Sequence[str], mark: str, rows: int = 1) -> str:
    """Return the statement that stores some rows; its marks are row after row."""
    width = len(columns)
    groups = (
        ", ".join(f"{mark}{row * width + column}" for column in range(1, width + 1))
        for row in range(rows)
    )
    marks = "), (".join(groups)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608


def portions_of(rows: Iterable[R], most: int, size: int) -> Iterator[list[R]]:
    """Return rows in portions of at most so many, and so many bytes, or one that is larger."""
    waiting: list[R] = []
    waiting_bytes = 0
    for row in rows:
        row_bytes = sum(len(value) for value in row if isinstance(value, bytes))
        if waiting and (len(waiting) == most or waiting_bytes + row_bytes > size):
            yield waiting
            waiting, waiting_bytes = [], 0
        waiting.append(row)
        waiting_bytes += row_bytes
    if waiting:
        yield waiting


def _padded(items: list[object]) -> list[object]:
    wanted = 1 << max(0, len(items) - 1).bit_length()
    return items + items[-1:] * (wanted - len(items))


@lru_cache(maxsize=4096)
def _parts(query: str) -> tuple[list[str], list[int]]:
    pieces = _PLACE.split(query)
    return pieces[::2], [int(number) - 1 for number in pieces[1::2]]
