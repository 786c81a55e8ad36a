"""The objects that all benchmarks store: some 500 bytes of JSON each, from a seed."""

from __future__ import annotations

import random
from typing import Any

__all__ = ["CITIES", "COLOURS", "WORDS", "thing", "things", "word_pairs"]

WORDS = (
    "amber", "basil", "cedar", "delta", "ember", "fable", "grove", "haven", "inlet", "jolly",
    "kayak", "lemon", "mango", "noble", "ocean", "pearl", "quilt", "river", "solar", "tulip",
    "umbra", "vivid", "willow", "xenon", "yacht", "zebra", "atlas", "birch", "coral", "dune",
    "eagle", "frost", "glade", "heron", "ivory", "jade", "koala", "lotus", "maple", "north",
)  # fmt: skip
COLOURS = ("black", "white", "green", "brown")
CITIES = ("Sofia", "Varna", "Plovdiv", "Burgas", "Ruse")

_WORDS_A_TEXT = 40
_OWNERS = 500


def thing(chance: random.Random, number: int) -> dict[str, Any]:
    """Return one object without type and id: texts, numbers, a flag, two fields to filter by."""
    return {
        "name": f"Thing number {number}",
        "color": COLOURS[number % len(COLOURS)],
        "price": chance.randint(1, 10_000),
        "rating": chance.random() * 5,
        "city": chance.choice(CITIES),
        "text": " ".join(chance.choice(WORDS) for _ in range(_WORDS_A_TEXT)),
        "active": bool(number % 3),
        "owner": f"user{number % _OWNERS}",
        "serial": f"{chance.getrandbits(64):016x}",
    }


def things(chance: random.Random, numbers: range) -> list[dict[str, Any]]:
    """Return the objects with these numbers."""
    return [thing(chance, number) for number in numbers]


def word_pairs(chance: random.Random, count: int) -> list[tuple[str, str]]:
    """Return different pairs of different words."""
    pairs = [(one, other) for one in WORDS for other in WORDS if one < other]
    return chance.sample(pairs, count)
