"""Many records cost one request, whatever is done with them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from para_cache_redis.cache import RedisCache
from para_cache_redis.scripts import PUT, REMOVE
from para_core.testing.cache import a_record

from ..kit import a_cache, a_cluster, is_back  # noqa: TID252 - no package

pytestmark = pytest.mark.service("redis")

MANY, MORE = 500, 1200


@pytest.fixture
async def cache() -> AsyncIterator[RedisCache]:
    """Return one that keeps nothing in its own memory."""
    async with a_cache(os.environ["PARA_TEST_REDIS_URL"], a_cluster(), near_entries=0) as cache:
        await is_back(cache)
        await cache.put("app", a_record("first", 1))  # what is read before is filled only in part
        yield cache


@pytest.fixture
def asked(cache: RedisCache, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is asked for records; a node also tells Redis that it is there."""
    session = cache._keeper.session
    assert session is not None
    names = {PUT.sha: "put", REMOVE.sha: "remove", "MGET": "read"}
    asked, ask = Counter[str](), session.ask

    def count(*words: Any, **more: Any) -> Any:  # noqa: ANN401 - what it is given
        name = names.get(words[1] if words[0] == "EVALSHA" else words[0])
        if name is not None:
            asked[name] += 1
        return ask(*words, **more)

    monkeypatch.setattr(session, "ask", count)
    return asked


@pytest.mark.parametrize(("count", "requests"), [(MANY, 1), (MORE, 3)])
async def test_many_records_are_one_request(
    cache: RedisCache, asked: Counter[str], count: int, requests: int
) -> None:
    records = [a_record(f"cat{number}", 5) for number in range(count)]
    keys = [record.id for record in records]
    assert await cache.get_all("app", keys) == {}
    await cache.fill_all("app", records)
    assert await cache.get_all("app", keys) == {record.id: record for record in records}
    assert asked == {"read": 2 * requests, "put": requests}
    later = [a_record(key, 6) for key in keys]
    await cache.put_all("app", later)
    await cache.remove_all("app", keys, change=7)
    assert asked == {"read": 2 * requests, "put": 2 * requests, "remove": requests}
    assert await cache.get_all("app", keys) == {}
