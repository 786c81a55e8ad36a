"""Random objects, random queries, and whether an engine finds what it must.

Everything follows from a seed. Words are few, so that queries hit; fields hold numbers in one
object and texts, lists or nothing in the next. ``disagreements`` holds an engine against
``para_core.testing.brute_force``; ``MemorySearch``, the measure of the others, passes it too.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from para_core.contracts.dao import Record
from para_core.contracts.search import Search
from para_core.pager import Pager
from para_core.query.parser import parse
from para_core.query.tree import (
    All,
    Bool,
    Exact,
    Exists,
    Fuzzy,
    Near,
    Node,
    Phrase,
    Prefix,
    Range,
    Regexp,
    Similar,
    Term,
    Wildcard,
)
from para_core.testing.brute_force import Plain, expected, plain

__all__ = ["RandomQuery", "disagreements", "random_documents", "random_queries"]

_WORDS = ["fox", "foxes", "Fox", "ox", "red", "Red", "blue", "brown", "bear", "beer", "港", "Ёлка"]
_WORDS += ["ёлки", "wi-fi", "fi", "a", "12", "9.5", "true"]
_KINDS = ["cat", "dog", "address", "linker"]
_NAMES = ["Red Fox", "red fox", "Blue", "blue bear", "12", "Ёлка", "fox"]
_TAGS = ["red", "Red", "blue-bear", "12", "fox", "港"]
_NUMBERS: list[int | float] = [0, 1, 2, 12, 100, -3, 9.5, -0.25, 2.0, 10**12]
_FIELDS = ["name", "tags", "votes", "timestamp", "creatorid", "type", "id", "id1", "nstd.id"] + [
    f"properties.{name}"
    for name in ("text", "mixed", "number", "list", "flag", "o.city", "o.pin.n", "zip", "nothing")
]
_PATTERNS = ["fo*", "f?x", "*o*", "r*d", "b*r", "F*", "ё*", "?", "1*", "*"]
_EXPRESSIONS = ["fo(x|xes)", "[a-f].*", ".*e.", "be{2}r|be.r", "[^b].+", "Fo.", "1.+"]


@dataclass(frozen=True, slots=True)
class RandomQuery:
    """One search, and the page that is wanted of it."""

    node: Node
    kind: str | None = None
    pager: Pager = field(default_factory=Pager)


def random_documents(seed: int, count: int) -> list[Record]:
    """Return records in the order of indexing; some ids come twice."""
    dice = random.Random(seed)  # noqa: S311 - the same every time
    return [_record(dice, dice.randrange(max(count * 9 // 10, 1))) for _ in range(count)]


def random_queries(seed: int, count: int) -> list[RandomQuery]:
    """Return queries of every kind, alone and joined, with any order and page."""
    dice = random.Random(seed)  # noqa: S311 - the same every time
    return [
        RandomQuery(
            _node(dice, depth=0) if dice.random() < 0.7 else parse(_string(dice)),
            dice.choice([None, None, *_KINDS]),
            _pager(dice),
        )
        for _ in range(count)
    ]


async def disagreements(
    search: Search,
    records: Sequence[Record],
    queries: Sequence[RandomQuery],
    *,
    appid: str = "random",
) -> list[str]:
    """Index the records, ask the queries, and return what is not as it must be."""
    await search.index(appid, records, [], len(records))
    everything = plain(records)
    return [
        problem
        for query in queries
        if (problem := await _disagreement(search, everything, query, appid)) is not None
    ]


async def _disagreement(
    search: Search, everything: Sequence[Plain], query: RandomQuery, appid: str
) -> str | None:
    hits = await search.find(appid, query.node, kind=query.kind, pager=query.pager)
    keys, total = expected(everything, query.node, query.kind, query.pager)
    if (hits.keys, hits.total) == (keys, total):
        return None
    return f"{query}: found {hits.total} {hits.keys}, not {total} {keys}"


# ---- objects -------------------------------------------------------------------------------------


def _record(dice: random.Random, number: int) -> Record:
    kind = dice.choice(_KINDS)
    key = f"{kind[0]}{number}"
    fields = {"id": key, "type": kind, "stored": True, **_fields(dice)}
    if kind == "address":
        fields["latlng"] = f"{dice.uniform(40, 44):.3f},{dice.uniform(22, 28):.3f}"
        fields["country"] = dice.choice(_WORDS)
    elif kind == "linker":
        fields = {"id": key, "type": kind, "name": "cat:dog", "votes": 0, "id1": f"c{number}"}
        fields["nstd"] = [_linked(dice, f"c{number}"), _linked(dice, f"d{number % 7}")]
    else:
        fields |= _custom(dice)
    return Record(key, kind, json.dumps(fields).encode(), 1)


def _fields(dice: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": dice.choice(_NAMES),
        "votes": dice.randrange(4),
        "timestamp": 1_700_000_000_000 + dice.randrange(9),
    }
    if dice.random() < 0.7:
        made["tags"] = dice.sample(_TAGS, dice.randrange(4))
    if dice.random() < 0.5:
        made["creatorid"] = f"c{dice.randrange(5)}"
    return made


def _custom(dice: random.Random) -> dict[str, Any]:
    value: dict[str, Any] = {
        "text": _sentence(dice),
        "mixed": dice.choice([*_NUMBERS, *_NAMES, True, False, "", None, [5, "fox"], ["x", ""]]),
        "number": dice.choice(_NUMBERS),
        "list": [dice.choice([_sentence(dice), dice.choice(_NUMBERS)]) for _ in range(3)],
        "flag": dice.random() < 0.5,
        "zip": dice.choice(["10115", "9000", "12", "-3", "A1"]),
        "o": {"city": dice.choice(["Sofia", "Red Fox", "new york"]), "pin": {"n": dice.random()}},
    }
    value["o"]["pin"]["n"] = round(value["o"]["pin"]["n"] * 20, 1)
    return {name: inner for name, inner in value.items() if dice.random() < 0.6}


def _linked(dice: random.Random, key: str) -> dict[str, Any]:
    return {"id": key, "type": "cat", **_fields(dice), "properties": _custom(dice)}


def _sentence(dice: random.Random) -> str:
    return " ".join(dice.choice(_WORDS) for _ in range(dice.randrange(1, 7)))


# ---- queries -------------------------------------------------------------------------------------


def _pager(dice: random.Random) -> Pager:
    sorts = [dice.choice([*_FIELDS, "_docid", "properties.o"])]
    if dice.random() < 0.4:
        sorts.append(dice.choice(_FIELDS))
        sorts = [f"{name}:{dice.choice(['asc', 'desc'])}" for name in sorts]
    return Pager(
        page=dice.choice([0, 1, 1, 1, 2, 3]),
        limit=dice.choice([0, 1, 3, 10, 30, 200]),
        sort=",".join(sorts),
        desc=dice.random() < 0.5,
    )


def _node(dice: random.Random, depth: int) -> Node:
    if depth < 3 and dice.random() < 0.35:
        must, should, must_not = (
            [_node(dice, depth + 1) for _ in range(dice.choice([0, 0, 1, 2]))] for _ in range(3)
        )
        return Bool(must, should, must_not)
    name = dice.choice([None, *_FIELDS])
    path = name or dice.choice(_FIELDS)
    word, text = dice.choice([*_WORDS, *_NAMES, *_TAGS]), _sentence(dice)
    nodes: list[Node] = [
        All(),
        Term(name, word),
        Term(name, text),
        Exact(path, dice.choice([word, str(dice.choice(_NUMBERS)), "c1", "cat", "true"])),
        Phrase(name, dice.choice([text, *_NAMES]), dice.choice([0, 0, 0, 1])),
        Prefix(name, word[: dice.choice([1, 2, 9])], folded=dice.random() < 0.8),
        Wildcard(name, dice.choice(_PATTERNS), folded=dice.random() < 0.8),
        Fuzzy(name, word, dice.randrange(3)),
        Regexp(name, dice.choice(_EXPRESSIONS)),
        _range(dice, name),
        Exists(path),
        Near(dice.uniform(40, 44), dice.uniform(22, 28), dice.choice([1.0, 80.0, 300.0])),
        Similar(dice.sample(_FIELDS, dice.choice([1, 1, 2])), text),
    ]
    return dice.choice(nodes)


def _range(dice: random.Random, name: str | None) -> Range:
    if dice.random() < 0.6:
        low, high = sorted(dice.choices(_NUMBERS, k=2))
        bounds: list[str | None] = [str(low), str(high)]
    else:
        bounds = [*sorted(dice.choices([*_WORDS, *_NAMES], k=2))]
    if dice.random() < 0.4:
        bounds[dice.randrange(2)] = None
    closed = [dice.random() < 0.7, dice.random() < 0.7]
    return Range(name, bounds[0], bounds[1], closed[0], closed[1], folded=dice.random() < 0.9)


def _string(dice: random.Random) -> str:
    """Return a query string that the grammar accepts."""
    parts = [_clause(dice, 0) for _ in range(dice.choice([1, 1, 2, 3]))]
    return dice.choice([" ", " AND ", " OR ", " AND NOT ", " "]).join(parts)


def _clause(dice: random.Random, depth: int) -> str:
    prefix = dice.choice(["", "", "", f"{dice.choice(_FIELDS)}:"])
    sign = dice.choice(["", "", "", "+", "-"]) if depth else ""
    word = dice.choice(_WORDS).replace("-", r"\-")
    if depth < 2 and dice.random() < 0.3:
        inner = " ".join(_clause(dice, depth + 1) for _ in range(dice.choice([1, 2])))
        return f"{sign}{prefix}({inner})"
    atoms = [word, f"{word} {word}", f'"{dice.choice(_NAMES)}"', f"{word}~{dice.randrange(3)}"]
    atoms += [f"{word}*", "f?x", "/fo.*/", "[a TO fox]", "{1 TO 12]", "[* TO *]", "[2 TO *}"]
    return sign + prefix + dice.choice(atoms)
