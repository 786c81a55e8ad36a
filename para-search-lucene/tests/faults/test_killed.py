"""A process that is killed while it indexes leaves an index that agrees with its position."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from para_core.pager import Pager
from para_core.query.tree import All
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings

WRITER = Path(__file__).with_name("writing_process.py")
ROUNDS = int(os.environ.get("PARA_TEST_KILL_ROUNDS", "12"))
BATCH = 5


def kill_a_writer(folder: Path, seconds: float) -> int:
    """Return the last position that the writer told of before it was killed."""
    command = [sys.executable, str(WRITER), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        lines = [first, *process.stdout]
    return max(int(line) for line in lines if line.endswith("\n"))


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
