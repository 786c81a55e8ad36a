"""Results are kept until their app changes, within bounds."""

from __future__ import annotations

from para_core.contracts.search import Hits
from para_core.pager import Pager
from para_core.query.tree import All, Bool, Term
from para_search_lucene.resultcache import ResultCache

PAGE, HITS = Pager(), Hits(["a", "b"], 2, "7")


def a_cache(*, entries: int = 100, size: int = 1_000_000) -> ResultCache:
    return ResultCache(most_entries=entries, most_bytes=size)


def test_a_result_is_found_in_its_generation_only() -> None:
    cache, first, second = a_cache(), object(), object()
    key = cache.key("app", All(), None, PAGE)
    cache.put(key, first, HITS)
    assert cache.get(key, first) is HITS
    assert cache.get(key, second) is None
    assert (cache.statistics.hits, cache.statistics.misses) == (1, 1)


def test_app_query_type_and_page_tell_results_apart() -> None:
    cache, now = a_cache(), object()
    cache.put(cache.key("app", All(), None, PAGE), now, HITS)
    for key in (
        cache.key("other", All(), None, PAGE),
        cache.key("app", Term(None, "x"), None, PAGE),
        cache.key("app", All(), "cat", PAGE),
        cache.key("app", All(), None, Pager(page=2)),
    ):
        assert cache.get(key, now) is None


def test_trees_with_lists_are_keys_too() -> None:
    cache, now = a_cache(), object()
    cache.put(cache.key("app", Bool(must=[Term(None, "x")]), None, PAGE), now, HITS)
    assert cache.get(cache.key("app", Bool(must=[Term(None, "x")]), None, PAGE), now) is HITS
    assert cache.get(cache.key("app", Bool(must=[Term(None, "y")]), None, PAGE), now) is None


def test_the_least_recently_used_results_go_first() -> None:
    cache, now = a_cache(entries=2), object()
    keys = [cache.key("app", Term(None, word), None, PAGE) for word in "abc"]
    cache.put(keys[0], now, HITS)
    cache.put(keys[1], now, HITS)
    assert cache.get(keys[0], now)
    cache.put(keys[2], now, HITS)
    assert [cache.get(key, now) is not None for key in keys] == [True, False, True]
    assert cache.statistics.entries == 2


def test_bytes_are_bounded_and_counted() -> None:
    cache, now = a_cache(size=100_000), object()
    large = Hits([], 1, None, {"a": b"x" * 50_000})
    cache.put(cache.key("app", All(), None, PAGE), now, large)
    assert cache.statistics.entries == 0
    for number in range(500):
        cache.put(cache.key("app", Term(None, str(number)), None, PAGE), now, HITS)
    assert 0 < cache.statistics.bytes <= 100_000
    cache.forget("app")
    assert (cache.statistics.entries, cache.statistics.bytes) == (0, 0)


def test_the_query_counts_as_what_it_takes() -> None:
    cache, now = a_cache(size=1_000_000), object()
    for number in range(100):
        word = f"{number}{'x' * 10_000}"
        cache.put(cache.key("app", Term(None, word), None, PAGE), now, HITS)
        cache.put(cache.key("app", All(), word, PAGE), now, HITS)
        cache.put(cache.key("app", All(), None, Pager(sort=word)), now, HITS)
    assert 0 < cache.statistics.entries < 50
    many = Bool(should=[Term(None, str(number)) for number in range(1000)])
    cache.put(cache.key("app", many, None, PAGE), now, HITS)
    assert cache.get(cache.key("app", many, None, PAGE), now) is None


def test_a_result_is_replaced() -> None:
    cache, old, new = a_cache(), object(), object()
    key = cache.key("app", All(), None, PAGE)
    cache.put(key, old, HITS)
    cache.put(key, new, HITS)
    assert cache.statistics.entries == 1
    assert cache.get(key, new) is HITS
