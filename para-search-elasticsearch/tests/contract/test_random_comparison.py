"""Random documents and queries: the cluster must agree with the search in memory."""

from __future__ import annotations

import pytest

from para_core.testing.random_histories import assert_agrees

from ..cluster import an_engine  # noqa: TID252 - no package

FORMS = pytest.mark.parametrize("nested", [False, True], ids=["plain", "nested"])


@FORMS
@pytest.mark.service("opensearch")
async def test_random_queries_find_what_the_search_in_memory_finds(*, nested: bool) -> None:
    async with an_engine(use_nested_custom_fields=nested) as engine:
        await assert_agrees(engine, seed=7, documents=60, searches=20)


@FORMS
@pytest.mark.long
@pytest.mark.parametrize("seed", range(4), ids=lambda seed: f"seed-{seed}")
@pytest.mark.service("opensearch")
async def test_many_random_queries_find_what_the_search_in_memory_finds(
    seed: int, *, nested: bool
) -> None:
    async with an_engine(use_nested_custom_fields=nested) as engine:
        await assert_agrees(engine, seed)
