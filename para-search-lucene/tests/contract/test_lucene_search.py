"""LuceneSearch passes the suite of its contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.contracts.search import Search
from para_core.testing.search import SearchSuite
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings


class TestLuceneSearch(SearchSuite):
    sorted_bytes = 32

    @pytest.fixture
    async def search(self, tmp_path: Path) -> AsyncIterator[Search]:
        async with LuceneSearch(LuceneSettings(dir=str(tmp_path))) as search:
            yield search
