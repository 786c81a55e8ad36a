"""What a search looks for, as its parameters say."""

from __future__ import annotations

import pytest

from para_core.errors import QueryError
from para_server.config import ApiSettings
from para_server.rest import plans
from para_server.rest.plans import plan_of

SETTINGS = ApiSettings()


def test_a_plan_is_made_once() -> None:
    first = plan_of(b"q=a&page=2", "cat", "default", SETTINGS)
    assert plan_of(b"q=a&page=2", "cat", "default", SETTINGS) is first
    assert (first.kind, first.text, first.page) == ("cat", "a", 2)


def test_plans_of_long_queries_are_not_kept() -> None:
    before = plans._plan_of.cache_info().currsize
    for number in range(10):
        query = b"q=" + b"+OR+".join(b"a%d:%d" % (number, value) for value in range(200))
        plan_of(query, "cat", "default", SETTINGS)
        plan_of(b"q=a", f"{number}" * 300, "default", SETTINGS)
    assert plans._plan_of.cache_info().currsize == before


@pytest.mark.parametrize("query", [b"q=(", b"q=a:[1+TO", b"q=%22x"])
@pytest.mark.parametrize("how", ["default", "ids", "terms", "nearby"])
def test_a_query_that_cannot_be_read_is_refused_whatever_is_looked_for(
    query: bytes, how: str
) -> None:
    with pytest.raises(QueryError):
        plan_of(query, "cat", how, SETTINGS)
