"""Random objects and queries: the engine finds what was worked out without it."""

from __future__ import annotations

from para_core.contracts.search import Search
from para_core.testing.random_search import disagreements, random_documents, random_queries

__all__ = ["RandomTests"]


class RandomTests:
    """Thousands of searches, the same ones in every run."""

    random_rounds = 4

    async def test_random_queries_find_what_they_must(self, search: Search) -> None:
        for seed in range(self.random_rounds):
            wrong = await disagreements(
                search, random_documents(seed, 60), random_queries(seed, 500), appid=f"app{seed}"
            )
            assert wrong == []

    async def test_random_queries_find_what_they_must_after_changes(self, search: Search) -> None:
        """Most objects are replaced, some removed, some come back."""
        records = random_documents(77, 60)
        await search.index("app", random_documents(78, 60), [], 1)
        await search.index("app", [], [record.id for record in random_documents(78, 60)], 2)
        for start in range(0, 60, 7):
            await search.index("app", records[start : start + 7], [], 3 + start)
        assert await disagreements(search, records, random_queries(79, 300), appid="app") == []
