"""What ``para-server doctor`` looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["Check", "Examine", "Finding", "Verdict", "advice", "bad", "good"]


class Verdict(Enum):
    """How it is; the values are what people and programs read."""

    GOOD = "ok"
    ADVICE = "advice"  # it works, and could be better
    BAD = "bad"  # it has to be put right


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and one line on what to do about it."""

    verdict: Verdict
    said: str
    advice: str = ""


Examine: TypeAlias = "Callable[[Config], Awaitable[Iterable[Finding]]]"


@dataclass(frozen=True, slots=True)
class Check:
    """A subject to look at. ``examine`` changes nothing, and may wait some seconds at most."""

    subject: str
    examine: Examine


def good(said: str) -> Finding:
    """Find that all is well."""
    return Finding(Verdict.GOOD, said)


def advice(said: str, what_to_do: str) -> Finding:
    """Find something that works and could be better."""
    return Finding(Verdict.ADVICE, said, what_to_do)


def bad(said: str, what_to_do: str) -> Finding:
    """Find something that has to be put right."""
    return Finding(Verdict.BAD, said, what_to_do)
