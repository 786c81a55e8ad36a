"""Objects as they come and go, and queries about them: engines must agree with the one in memory.

Everything follows from a seed. Beside the plain cases of ``random_search`` there are words of other
scripts, numbers beyond doubles, names with dots, loose phrases and objects that are changed and
deleted between searches.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from para_core.contracts.dao import Record
from para_core.contracts.search import Search
from para_core.memory.search import MemorySearch
from para_core.pager import Pager
from para_core.query import tree

__all__ = ["assert_agrees"]

_WORDS = [
    "red",
    "fox",
    "foxes",
    "brown",
    "Brown",
    "o'neil's",
    "wi-fi",
    "3.14",
    "C++",
    "Über",
    "ünï",
]
_WORDS += ["東京", "テスト", "true", "5", "-5", "1,000", "İx"]
_KEYWORDS = [
    "Red Fox",
    "red fox",
    "red",
    "x:y",
    "a/b",
    "5",
    "-5",
    "Zoë",
    "true",
    "abcdefgh",
    "abcdefghi",
]
_NUMBERS = [0, 1, 5, -5, 5.0, 5.5, -0.5, 100, 20, 2018, 1e10, -1e-7, 2**53, 10**400, -0.0]
_TIMES = [1700000000000, 1700000001000, 1700000001001, -5, 3]
_PATHS = [
    "properties.text",
    "properties.n",
    "properties.mix",
    "properties.tags",
    "properties.owner.city",
]
_KEYS = ["name", "tags", "type", "id", "creatorid", "timestamp", "votes", "email"]
_OTHERS = [
    "properties.flag",
    "properties.z Y.Z",
    "description",
    "properties.nope",
    "latlng",
    "nstd.id",
]
_LONG = "lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor"


class _Maker:
    """Makes objects and queries; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - the same every time

    def some(self, items: list[Any], most: int) -> list[Any]:
        return [self.rng.choice(items) for _ in range(self.rng.randint(0, most))]

    def maybe(self, chance: float = 0.5) -> bool:
        return self.rng.random() < chance

    def text(self) -> str:
        if self.maybe(0.05):
            return self.rng.choice(["", "Long ", "red "]) + _LONG
        return self.rng.choice([" ", "-", ", "]).join(self.some(_WORDS, 6))

    def value(self) -> object:
        kinds: list[Callable[[], object]] = [
            self.text,
            lambda: self.rng.choice(_NUMBERS),
            self.maybe,
            self.items,
        ]
        return self.rng.choice(kinds)()

    def items(self) -> list[Any]:
        return self.some([*_WORDS, *_NUMBERS[:-4], True, None, {"a": "fox"}, " "], 3)

    def record(self, key: str, change: int = 1) -> Record:
        kind = self.rng.choice(["cat", "dog", "article"])
        fields = (
            ("timestamp", self.rng.choice(_TIMES)),
            ("votes", self.rng.choice([0, 1, -3, 12])),
            ("name", self.rng.choice(_KEYWORDS)),
            ("tags", self.some(_KEYWORDS, 3)),
            ("creatorid", self.rng.choice(_KEYWORDS)),
            ("email", "a@b.org"),
            ("text", self.text()),
            ("n", self.rng.choice(_NUMBERS)),
            ("mix", self.value()),
            ("owner", {"city": self.value(), "age": self.rng.choice(_NUMBERS)}),
            ("flag", self.maybe()),
            ("z Y.Z", self.value()),
            ("latlng", f"{self.rng.uniform(-90, 90)},{self.rng.uniform(-180, 180)}"),
        )
        kept = {name: value for name, value in fields if self.maybe(0.7)}
        if self.maybe(0.1):
            return self.linker(key, change)
        data = msgspec.json.encode({"id": key, "type": kind, "appid": "zoo", **kept})
        return Record(key, kind, data, change)

    def linker(self, key: str, change: int) -> Record:
        nested = [
            {"id": f"n{number}", "type": "cat", "name": self.rng.choice(_KEYWORDS), "votes": 5}
            | {"properties": {"text": self.text(), "n": self.rng.choice(_NUMBERS)}}
            for number in range(2)
        ]
        fields = {"id": key, "type": "linker", "name": "cat:dog", "id1": "a", "id2": "b"}
        return Record(key, "linker", msgspec.json.encode({**fields, "nstd": nested}), change)

    def field(self, *, required: bool = False) -> str | None:
        if not required and self.maybe(0.3):
            return None
        return self.rng.choice([*_PATHS, *_PATHS, *_KEYS, *_OTHERS])

    def needle(self) -> str:
        return self.rng.choice(
            [*_WORDS, *_KEYWORDS, "fox red", _LONG, "5.0", "zzz", "1700000001000", "cat"]
        )

    def bound(self) -> str | None:
        return self.rng.choice(
            [None, "5", "-5", "0", "100.5", "a", "brown", "Red", "x", "zz", "1700000000500", _LONG]
        )

    def leaf(self) -> tree.Node:
        rng, field = self.rng, self.field()
        path = self.field(required=True) or ""
        makers: list[Any] = [
            lambda: tree.Term(field, self.needle()),
            lambda: tree.Exact(path, self.needle()),
            lambda: tree.Phrase(field, " ".join(self.some(_WORDS, 3)), rng.choice([0, 0, 1, 2, 3])),
            lambda: tree.Prefix(field, self.needle()[: rng.randint(1, 4)], folded=self.maybe()),
            lambda: tree.Wildcard(field, self.wild(), folded=self.maybe()),
            lambda: tree.Fuzzy(field, self.needle()[:20], rng.randint(0, 2)),
            lambda: tree.Regexp(
                field,
                rng.choice(["fo[x-z](es)?", "[0-9]+", "re.*", "R.. F.*", "r(e|o)+d?", '"fox"@']),
            ),
            lambda: tree.Range(
                field, self.bound(), self.bound(), self.maybe(), self.maybe(), self.maybe(0.8)
            ),
            lambda: tree.Exists(path),
            lambda: tree.Near(
                rng.uniform(-90, 90), rng.uniform(-180, 180), rng.choice([10, 500, 5000, 15000])
            ),
            lambda: tree.Similar(
                list({self.field(required=True) or "" for _ in range(2)}), f"{self.text()} fox red"
            ),
            lambda: rng.choice([tree.All(), tree.Nothing()]),
        ]
        return rng.choice(makers)()  # type: ignore[no-any-return]

    def wild(self) -> str:
        text = self.needle()[:12]
        at = self.rng.randint(0, len(text))
        return (
            text[:at]
            + self.rng.choice(["*", "?", "*?", "\\"])
            + text[at + self.rng.randint(0, 2) :]
        )

    def query(self, depth: int = 0) -> tree.Node:
        if depth > 2 or self.maybe(0.6):
            return self.leaf()
        parts = [[self.query(depth + 1) for _ in range(self.rng.randint(0, 2))] for _ in range(3)]
        return tree.Bool(*parts)

    def pager(self) -> Pager:
        fields = [*_PATHS, *_KEYS, *_OTHERS, "_docid"]
        sort = self.rng.choice(fields)
        if self.maybe(0.4):
            names = self.rng.sample(fields, self.rng.randint(2, 3))
            sort = ",".join(f"{name}{self.rng.choice(['', ':asc', ':desc'])}" for name in names)
        limit = self.rng.choice([0, 1, 2, 5, 30, 100])
        return Pager(page=self.rng.randint(0, 4), limit=limit, sort=sort, desc=self.maybe())


async def assert_agrees(
    engine: Search, seed: int, *, appid: str = "zoo", documents: int = 150, searches: int = 60
) -> None:
    """Index a history step by step and assert after each that an engine finds what it must.

    Args:
        engine: Open, without an index of the app.
        seed: Of the history.
        appid: The app.
        documents: How many objects there are at most.
        searches: How many pages are compared after each step.
    """
    maker = _Maker(seed)
    async with MemorySearch() as oracle:
        for number, (puts, gone) in enumerate(_histories(maker, documents), start=1):
            await engine.index(appid, puts, gone, number)
            await oracle.index(appid, puts, gone, number)
            for _ in range(searches):
                node, pager = maker.query(), maker.pager()
                kind = maker.rng.choice([None, None, "cat", "dog"])
                expected = await oracle.find(appid, node, kind=kind, pager=pager)
                found = await engine.find(appid, node, kind=kind, pager=pager)
                case = (node, kind, pager)
                assert (found.total, found.keys) == (expected.total, expected.keys), case
                assert found.sources == expected.sources, case


def _histories(maker: _Maker, documents: int) -> Iterator[tuple[list[Record], list[str]]]:
    """Yield what is indexed and unindexed at once: new, changed and deleted objects."""
    keys = [f"k{number}" for number in range(documents)]
    for _ in range(6):
        chosen = maker.rng.sample(keys, documents // 3)
        gone = maker.rng.sample(keys, documents // 20)
        yield (
            [maker.record(key, maker.rng.choice([0, 1])) for key in chosen if key not in gone],
            gone,
        )
