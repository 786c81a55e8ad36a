"""Objects to search for, and short ways to index and to find them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from para_core.contracts.dao import Record
from para_core.contracts.search import Hits, Search
from para_core.pager import Pager
from para_core.query.parser import parse_leniently
from para_core.query.tree import Node

__all__ = ["APP", "a_record", "batches", "count_of", "fill", "find", "found", "zoo"]

APP = "app"
_BORN = 1_700_000_000_000


def a_record(key: str, kind: str = "thing", change: int = 1, **fields: object) -> Record:
    """Return the record of an object with some fields, beside those that every object has."""
    common = {"id": key, "type": kind, "name": f"Name of {key}", "votes": 0, "version": 0}
    flags = {"stored": True, "indexed": True, "cached": True}
    kept = {k: v for k, v in {**common, **flags, **fields}.items() if v is not None}
    return Record(key, kind, msgspec.json.encode(kept), change)


async def fill(search: Search, records: Sequence[Record], *, appid: str = APP) -> None:
    """Index records in one call, as change 1."""
    await search.index(appid, records, [], 1)


async def find(
    search: Search, query: Node | str, *, kind: str | None = None, appid: str = APP, **page: object
) -> Hits:
    """Return a page of what matches a tree or a query string."""
    node = parse_leniently(query) if isinstance(query, str) else query
    pager = msgspec.convert({"limit": 100, **page}, Pager)
    return await search.find(appid, node, kind=kind, pager=pager)


async def found(
    search: Search, query: Node | str, *, kind: str | None = None, appid: str = APP, **page: object
) -> str:
    """Return the ids of a page with blanks between them; the total must fit to a whole page."""
    hits = await find(search, query, kind=kind, appid=appid, **page)
    if not page:
        assert hits.total == len(hits.keys)
    return " ".join(hits.keys)


async def count_of(search: Search, query: Node | str, *, appid: str = APP) -> int:
    """Return how many documents match."""
    node = parse_leniently(query) if isinstance(query, str) else query
    return await search.count(appid, node)


async def batches(*records: Sequence[Record]) -> AsyncIterator[Sequence[Record]]:
    """Yield what a rebuild reads."""
    for batch in records:
        yield batch


def zoo() -> list[Record]:
    """Return seven objects of three types, from the oldest to the newest."""
    return [
        a_record(key, kind, 1, **{"timestamp": _BORN + 1000 * n, **fields})
        for n, (key, kind, fields) in enumerate(_ZOO, 1)
    ]


_ZOO: list[tuple[str, str, dict[str, object]]] = [
    (
        "a1",
        "article",
        {
            "name": "Red Fox",
            "tags": ["news", "wild-life"],
            "creatorid": "u:1",
            "votes": 3,
            "title": "The quick brown fox",
            "year": 2018,
            "price": 9.5,
            "lang": "en",
            "author": {"name": "Alice Munro", "city": "Sofia"},
        },
    ),
    (
        "a2",
        "article",
        {
            "name": "Blue Whale",
            "tags": ["news", "sea"],
            "creatorid": "u:2",
            "votes": 12,
            "title": "Quick guide to brown bears and a fox",
            "year": 2019,
            "price": 20,
            "lang": "en",
            "author": {"name": "Bob", "city": "Plovdiv"},
        },
    ),
    (
        "a3",
        "article",
        {
            "name": "Red Panda",
            "tags": ["zoo"],
            "creatorid": "u:1",
            "title": "Lazy dogs sleep; foxes jump",
            "year": 2020,
            "price": 100,
            "lang": "de",
            "author": {"name": "Alice Walker", "city": "Sofia"},
        },
    ),
    (
        "b1",
        "book",
        {
            "name": "red fox",
            "tags": ["zoo", "news"],
            "creatorid": "u:2",
            "votes": 7,
            "title": "State-of-the-art C++ (2nd edition)",
            "year": 2021,
            "lang": "en",
            "contact": "bob@example.com",
        },
    ),
    (
        "b2",
        "book",
        {
            "name": "Ocean",
            "votes": 1,
            "title": "Whales & wails",
            "year": 2022,
            "note": "100% wool",
            "url": "http://example.com/a-b",
        },
    ),
    (
        "u:1",
        "user",
        {
            "name": "Alice Munro",
            "email": "alice@zoo.org",
            "identifier": "alice@zoo.org",
            "groups": "users",
            "active": True,
        },
    ),
    (
        "u:2",
        "user",
        {
            "name": "Bob Stone",
            "email": "bob@zoo.org",
            "identifier": "fb:4711",
            "groups": "mods",
            "active": False,
        },
    ),
]
