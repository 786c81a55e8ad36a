"""Random documents and queries: the engine must agree with the search in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from para_core.testing.random_histories import assert_agrees
from para_core.testing.random_search import disagreements, random_documents, random_queries
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings


@pytest.mark.parametrize("seed", range(4), ids=lambda seed: f"seed-{seed}")
async def test_random_queries_find_what_the_search_in_memory_finds(
    seed: int, tmp_path: Path
) -> None:
    async with LuceneSearch(LuceneSettings(dir=str(tmp_path))) as engine:
        await assert_agrees(engine, seed)


@pytest.mark.parametrize("seed", range(3), ids=lambda seed: f"seed-{seed}")
async def test_random_queries_find_what_plain_comparison_finds(seed: int, tmp_path: Path) -> None:
    documents, queries = random_documents(seed, 200), random_queries(seed, 300)
    async with LuceneSearch(LuceneSettings(dir=str(tmp_path))) as engine:
        assert await disagreements(engine, documents, queries) == []
