"""Indexes into the folder of its argument until it is killed; prints each position it reached."""

from __future__ import annotations

import asyncio
import itertools
import sys

import msgspec

from para_core.contracts.dao import Record
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings

BATCH = 5


def a_record(number: int) -> Record:
    fields = {"id": f"k{number}", "type": "thing", "name": f"Thing {number}", "n": number}
    return Record(f"k{number}", "thing", msgspec.json.encode(fields), number + 1)


async def write(folder: str) -> None:
    """Each step indexes some objects, removes the first of the step before, and counts on."""
    async with LuceneSearch(LuceneSettings(dir=folder)) as search:
        start = await search.position("app") or 0
        for step in itertools.count(start):
            puts = [a_record(step * BATCH + part) for part in range(BATCH)]
            gone = [f"k{(step - 1) * BATCH}"] if step else []
            await search.index("app", puts, gone, step + 1)
            print(step + 1, flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
