"""A dictionary that stays small."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["BoundedDict"]

K = TypeVar("K")
V = TypeVar("V")


class BoundedDict(dict[K, V]):
    """A dictionary that forgets its oldest entry when it is full; reads cost what a dict costs.

    Touch it from one thread only: the loop's.
    """

    __slots__ = ("capacity",)

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.capacity = capacity

    def remember(self, key: K, value: V) -> V:
        """Keep ``value`` under ``key`` and return it."""
        if len(self) >= self.capacity and key not in self:
            del self[next(iter(self))]
        self[key] = value
        return value
