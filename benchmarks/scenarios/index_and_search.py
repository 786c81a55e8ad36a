"""What do indexing and searching cost, for the questions that applications ask most?

One process, one app, objects of the bench's kind (``benchmarks.things``), 100 of them with the
same timestamp, as batches make them; seed 7. Each search is asked in 200 seeded variants, and the
cache of results is off; p50 and p99 in ms. Beside it the same question to a bare SQLite with FTS5
for the words and indexes on type with city, price and timestamp, with the exact total that clients
get: the floor of an engine that is put together from what is there. It answers with ids too, so
neither side reads objects. Commits of changed objects come last.

    python -m benchmarks.scenarios.index_and_search [OBJECTS]
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.things import CITIES, COLOURS, WORDS, thing, word_pairs
from para_core.contracts.dao import Record
from para_core.pager import Pager
from para_core.query.tree import All, Bool, Exact, Node, Phrase, Prefix, Range, Term
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings

OBJECTS = 20_000
VARIANTS = 200
BATCH = 500
NOW = 1_700_000_000_000
COMMITS = ((1, 50), (10, 30), (100, 20))  # documents of a commit, and how often


@dataclass(frozen=True)
class Question:
    """One search in both languages; ``where`` and ``values`` make the SQL."""

    node: Node
    where: str
    values: tuple[object, ...] = ()
    pager: Pager = field(default_factory=Pager)
    order: str = "timestamp DESC, docid"


async def main(objects: int = OBJECTS) -> None:
    """Index, search, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        floor = a_floor(Path(folder), objects)
        settings = LuceneSettings(dir=folder, cache_entries=0)
        async with LuceneSearch(settings) as search:
            began, cpu = time.perf_counter(), time.process_time()
            await search.rebuild("bench", batches(objects), 1)
            took, cpu = time.perf_counter() - began, time.process_time() - cpu
            each = f"{objects / took:,.0f}/s, {cpu / objects * 1e6:.0f} us of CPU each"
            print(f"rebuild of {objects:,}: {each}")
            await asyncio.sleep(1)  # merges
            print(f"{'':32}{'LuceneSearch':>20}{'SQLite':>20}   p50 and p99 in ms")
            for title, questions in all_questions(objects):
                await compare(title, questions, search, floor)
            for size, times in COMMITS:
                await measure_commits(search, size, times)


async def batches(objects: int) -> AsyncIterator[Sequence[Record]]:
    """Yield all objects as records."""
    chance = random.Random(7)
    for start in range(0, objects, BATCH):
        yield [a_record(chance, number) for number in range(start, min(start + BATCH, objects))]


def a_record(chance: random.Random, number: int) -> Record:
    """Return one object as it is stored."""
    key = f"thing{number}"
    fields = {"id": key, "type": "thing", "appid": "bench", "timestamp": NOW + number // 100}
    data = json.dumps({**fields, **thing(chance, number)}, separators=(",", ":"))
    return Record(key, "thing", data.encode(), 1)


async def measure_commits(search: LuceneSearch, size: int, times: int) -> None:
    """Print what it takes until changed objects are found."""
    chance, took = random.Random(size), []
    for _ in range(times):
        records = [a_record(chance, chance.randrange(OBJECTS)) for _ in range(size)]
        began = time.perf_counter()
        await search.index("bench", records, [], None)
        took.append((time.perf_counter() - began) * 1000)
    print(f"commit of {size}: {percentiles(took)} ms")


async def compare(
    title: str, questions: Sequence[Question], search: LuceneSearch, floor: sqlite3.Connection
) -> None:
    """Ask both sides in turns, hold their totals against each other, print what they took."""
    ours, theirs, differing = [], [], 0
    for question in questions:
        began = time.perf_counter()
        hits = await search.find("bench", question.node, kind="thing", pager=question.pager)
        between = time.perf_counter()
        total = ask_floor(floor, question)
        ours.append((between - began) * 1000)
        theirs.append((time.perf_counter() - between) * 1000)
        differing += hits.total != total
    note = f"   {differing} totals differ" if differing else ""
    print(f"{title:32}{percentiles(ours):>20}{percentiles(theirs):>20}{note}")


def percentiles(took: list[float]) -> str:
    """Return the median and the 99th percentile."""
    took.sort()
    return f"{took[len(took) // 2]:.2f} / {took[len(took) * 99 // 100]:.2f}"


# ---- the floor -----------------------------------------------------------------------------------


def a_floor(folder: Path, objects: int) -> sqlite3.Connection:
    """Return a database with the same objects, one column for each field that is asked for."""
    database = sqlite3.connect(folder / "floor.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(
        "CREATE TABLE o (docid INTEGER PRIMARY KEY, id TEXT, type TEXT, timestamp INTEGER,"
        " city TEXT, color TEXT, price INTEGER)"
    )
    database.execute("CREATE VIRTUAL TABLE w USING fts5(t, content='', columnsize=0)")
    chance = random.Random(7)
    database.execute("BEGIN")
    for number in range(objects):
        made = thing(chance, number)
        when = NOW + number // 100
        asked = (made["city"], made["color"], made["price"])
        row = (number, f"thing{number}", "thing", when, *asked)
        database.execute("INSERT INTO o VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        database.execute("INSERT INTO w (rowid, t) VALUES (?, ?)", (number, made["text"]))
    for name in ("timestamp", "city", "price"):
        database.execute(f"CREATE INDEX o_{name} ON o (type, {name})")
    database.execute("COMMIT")
    database.execute("ANALYZE")
    return database


def ask_floor(database: sqlite3.Connection, question: Question) -> int:
    """Return the total after reading the page."""
    where = f"type = 'thing' AND {question.where}"
    page = f"SELECT id FROM o WHERE {where} ORDER BY {question.order} LIMIT ? OFFSET ?"  # noqa: S608
    values = (*question.values, question.pager.limit, question.pager.offset)
    database.execute(page, values).fetchall()
    counted = database.execute(f"SELECT count(*) FROM o WHERE {where}", question.values)  # noqa: S608
    return int(counted.fetchone()[0])


# ---- the questions -------------------------------------------------------------------------------


def all_questions(objects: int) -> Iterator[tuple[str, list[Question]]]:
    """Yield each kind of question with its variants."""
    chance = random.Random(11)
    kinds: dict[str, Callable[[], Question]] = {
        "list, first pages": lambda: listing(Pager(page=chance.randint(1, 50))),
        "list, deep page": lambda: listing(
            Pager(page=chance.randint(objects // 60, objects // 40))
        ),
        "list by a number of its own": lambda: by_price(Pager(page=chance.randint(1, 50))),
        "two fields": lambda: two_fields(chance),
        "two words": lambda: two_words(*word_pairs(chance, 1)[0]),
        "a phrase": lambda: phrase(*word_pairs(chance, 1)[0]),
        "a prefix of three letters": lambda: prefix(chance.choice(WORDS)[:3]),
        "a range of numbers": lambda: price_range(chance.randint(1, 9000)),
    }
    for title, make in kinds.items():
        yield title, [make() for _ in range(VARIANTS)]


def listing(pager: Pager) -> Question:
    """All objects of a type, the newest first."""
    return Question(All(), "1", (), pager)


def by_price(pager: Pager) -> Question:
    """All objects of a type in the order of a field that only this app has."""
    wanted = Pager(page=pager.page, sort="properties.price")
    return Question(All(), "1", (), wanted, "price DESC, docid")


def two_fields(chance: random.Random) -> Question:
    """A filter by two exact values."""
    city, colour = chance.choice(CITIES), chance.choice(COLOURS)
    node = Bool(must=(Exact("properties.city", city), Exact("properties.color", colour)))
    return Question(
        node, "city = ? AND color = ?", (city, colour), Pager(page=chance.randint(1, 9))
    )


def two_words(one: str, other: str) -> Question:
    """Two words anywhere in an object."""
    return words(Bool(must=(Term(None, one), Term(None, other))), f"{one} {other}")


def phrase(one: str, other: str) -> Question:
    """Two words that follow each other."""
    return words(Phrase(None, f"{one} {other}"), f'"{one} {other}"')


def prefix(text: str) -> Question:
    """Words that begin so."""
    return words(Prefix("properties.text", text), f"{text}*")


def words(node: Node, match: str) -> Question:
    """A question about words."""
    return Question(node, "docid IN (SELECT rowid FROM w WHERE w MATCH ?)", (match,))


def price_range(low: int) -> Question:
    """A tenth of the objects, by a number that only this app has."""
    node = Range("properties.price", str(low), str(low + 1000))
    return Question(node, "price BETWEEN ? AND ?", (low, low + 1000))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else OBJECTS))
