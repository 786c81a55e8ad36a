"""The suite that every search engine passes.

::

    class TestTideSearch(SearchSuite):
        @pytest.fixture
        async def search(self, tmp_path: Path) -> AsyncIterator[Search]:
            async with TideSearch(tmp_path) as search:
                yield search
"""

from __future__ import annotations

from para_core.testing.search.acceptance import AcceptanceTests
from para_core.testing.search.kinds import KindTests
from para_core.testing.search.ordered import OrderedSearchSuite, deltas
from para_core.testing.search.pages import PageTests
from para_core.testing.search.queries import QueryTests
from para_core.testing.search.random_ones import RandomTests
from para_core.testing.search.samples import a_record, fill, found
from para_core.testing.search.writes import WriteTests

__all__ = ["OrderedSearchSuite", "SearchSuite", "a_record", "deltas", "fill", "found"]


class SearchSuite(AcceptanceTests, QueryTests, KindTests, PageTests, WriteTests, RandomTests):
    """What every search engine promises; provide the fixture ``search``, open and empty.

    An engine that compares only the beginning of texts when it sorts may lower ``sorted_bytes``;
    ``random_rounds`` says how many random collections of objects are tried.
    """
