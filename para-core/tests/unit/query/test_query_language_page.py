"""The page about the query language tells what is so: its table of constructs is tried."""

from __future__ import annotations

import re
from pathlib import Path

from para_core.memory.search import MemorySearch
from para_core.query.parser import MAX_CLAUSES, MAX_DEPTH
from para_core.query.strict import check
from para_core.testing.search.samples import fill, found, zoo

PAGE = Path(__file__).parents[4] / "docs" / "explanation" / "query-language.md"
_ROW = re.compile(r"^\| `(?P<query>.+?)` \| .* \| (?P<ids>(?:[ab]\d ?)+) \|$", re.MULTILINE)


async def test_each_construct_finds_what_the_page_says() -> None:
    rows = {row["query"]: row["ids"] for row in _ROW.finditer(PAGE.read_text(encoding="utf-8"))}
    assert len(rows) > 20
    async with MemorySearch() as search:
        await fill(search, zoo())
        answers = {
            query: await found(search, query, kind="article", sort="id", desc=False)
            for query in rows
        }
    assert answers == rows
    for query in rows:
        check(query)


def test_the_limits_on_the_page_are_the_limits() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"{MAX_CLAUSES:,} clauses" in text
    assert f"{MAX_DEPTH} groups" in text
