"""A process that is killed while it indexes leaves an index that agrees with its position."""

from __future__ import annotations

import os
import random
from pathlib import Path

from para_core.pager import Pager
from para_core.query.tree import All
from para_core.testing.killing import lines_before_kill
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings

WRITER = Path(__file__).with_name("writing_process.py")
ROUNDS = int(os.environ.get("PARA_TEST_KILL_ROUNDS", "12"))
BATCH = 5


def kill_a_writer(folder: Path, seconds: float) -> int:
    """Return the last position that the writer told of before it was killed."""
    return max(int(line) for line in lines_before_kill(WRITER, str(folder), seconds=seconds))


def expected(position: int) -> list[str]:
    """Return the ids that are in the index at a position, in the order of indexing."""
    numbers = range(position * BATCH)
    last = (position - 1) * BATCH
    return [f"k{number}" for number in numbers if number % BATCH or number == last]


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob(".tmp*"))


async def test_content_and_position_never_disagree(tmp_path: Path) -> None:
    chance = random.Random(5)  # noqa: S311
    for _ in range(ROUNDS):
        told = kill_a_writer(tmp_path, chance.uniform(0, 0.12))
        async with LuceneSearch(LuceneSettings(dir=str(tmp_path))) as search:
            position = await search.position("app")
            assert position is not None
            assert told <= position <= told + 1
            pager = Pager(limit=10**6, sort="_docid", desc=False)
            hits = await search.find("app", All(), pager=pager)
            assert hits.keys == expected(position)
            assert hits.total == len(hits.keys)
    assert leftovers(tmp_path) == []
