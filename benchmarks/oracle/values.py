"""Random values that people store: plain ones mostly, odd ones often enough."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from benchmarks.things import CITIES, WORDS

__all__ = ["any_field", "any_text", "any_value", "happens", "query_string", "words"]

_ODD_TEXTS = (
    "", " ", "Ünïcode ñandú", "東京タワー", "a:b", "x/y", "semi;colon", "50%", "it's", '"quoted"',
    "AND",
    "node.js", "foo_bar", "e-mail@example.com", "http://example.com/a?b=c", "C++", "1,000.5",
    "tab\there", "line\nbreak", "😀 smile", "<b>bold</b>", "*", "?", "true", "null", "0042",
)  # fmt: skip
_ODD_NUMBERS = (0, -1, 1, 7, 42, 10_000, -0.5, 3.14, 1e10, 2**31, 2**53, -(2**40))
_DEEPEST = 2


def words(chance: random.Random, most: int = 6) -> str:
    """Return some words of a small vocabulary."""
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, most)))


def happens(chance: random.Random, probability: float) -> bool:
    """Return whether something happens that does with this probability."""
    return chance.random() < probability


def any_text(chance: random.Random) -> str:
    """Return words, a city, or something odd."""
    makers = (
        lambda: words(chance),
        lambda: chance.choice(CITIES),
        lambda: chance.choice(_ODD_TEXTS),
    )
    return chance.choices(makers, (55, 20, 25))[0]()


def any_value(chance: random.Random, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value
    """Return any JSON value."""
    makers: tuple[Callable[[], Any], ...] = (
        lambda: any_text(chance),
        lambda: chance.choice(_ODD_NUMBERS),
        lambda: chance.randint(-50, 5000),
        lambda: happens(chance, 0.5),
        lambda: None,
        lambda: [any_value(chance, depth + 1) for _ in range(chance.randint(0, 3))],
        lambda: dict(any_field(chance, depth + 1) for _ in range(chance.randint(0, 3))),
    )
    weights = (40, 10, 15, 10, 5, 10, 10)
    flat = len(makers) if depth < _DEEPEST else -2
    return chance.choices(makers[:flat], weights[:flat])[0]()


def any_field(chance: random.Random, depth: int = 0) -> tuple[str, Any]:
    """Return a field with any value, whose name tells its type.

    The original's index leaves an object out when one of its fields had another type before.
    """
    value = any_value(chance, depth)
    return f"{chance.choice(WORDS)}_{type(value).__name__}", value


def query_string(chance: random.Random, depth: int = 0) -> str:
    """Return a query in the classic syntax, readable mostly."""
    if depth < _DEEPEST and happens(chance, 0.3):
        joint = chance.choice((" AND ", " OR ", " ", " && ", " || ", " NOT "))
        return joint.join(query_string(chance, depth + 1) for _ in range(chance.randint(2, 3)))
    if depth < _DEEPEST and happens(chance, 0.1):
        return f"({query_string(chance, depth + 1)})"
    sign = chance.choice(("+", "-", "!")) if happens(chance, 0.06) else ""
    return sign + _clause(chance)


def _clause(chance: random.Random) -> str:
    word = chance.choice(WORDS)
    return chance.choice(
        (
            word,
            word,
            word.upper(),
            f"properties.text:{word}",
            f"properties.city:{chance.choice(CITIES)}",
            f'"{word} {chance.choice(WORDS)}"',
            f'properties.text:"{words(chance, 3)}"',
            f"{word[:3]}*",
            f"{word[:2]}?{word[3:]}",
            f"{word}~",
            f"name:{word}",
            f"type:{chance.choice(('cat', 'dog', 'user', 'tag'))}",
            f"tags:{chance.choice(WORDS)}",
            f"id:{chance.choice(('cat', 'dog'))}{chance.randint(0, 40)}",
            "*",
            "*:*",
            f"timestamp:[1400000000000 TO {1400000000000 + chance.randint(0, 60)}]",
            f"properties.city:({chance.choice(CITIES)} OR {chance.choice(CITIES)})",
            f"properties.city:[{chance.choice(CITIES)} TO {chance.choice(CITIES)}]",
            "properties.active:true",
            f"{word}^2",
            f"/{word[:3]}.*/",
            f"_exists_:properties.{chance.choice(('city', 'none'))}",
            f"properties.city:{chance.choice(CITIES).lower()}",
            chance.choice(("AND", "(", '"', "a:", "[1 TO", "foo:bar:baz", "\\", "-", "+ -")),
        )
    )
