"""The memory of one process: what it is told, and what comes late."""

from __future__ import annotations

import pytest

from para_cache_redis.near import ALL_CHANGES, Near
from para_cache_redis.news import (
    EVERYTHING,
    below_of_put,
    below_of_removal,
    news_of_app,
    news_of_records,
    take_news,
)
from para_core.testing.cache import a_record
from para_core.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def near(clock: FakeClock) -> Near:
    near = Near(entries=10, size=100_000, clock=clock)
    near.hear_until(clock.now + 50)
    return near


def keep(near: Near, key: str, change: int) -> None:
    near.put("app", a_record(key, change), near.ticket())


def test_what_was_put_is_found(near: Near) -> None:
    keep(near, "cat1", 5)
    assert near.get("app", "cat1") == a_record("cat1", 5)
    assert near.get_all("app", ["cat1", "cat1"]) == [a_record("cat1", 5)] * 2
    assert near.get("other", "cat1") is None
    assert near.get_all("app", ["cat1", "cat2"]) is None


@pytest.mark.parametrize(
    ("below", "stays"),
    [
        (below_of_put(5), True),
        (below_of_put(6), False),
        (below_of_removal(4), True),
        (below_of_removal(5), False),
        (below_of_removal(0), False),
    ],
    ids=["own write", "later write", "earlier removal", "its removal", "any removal"],
)
def test_what_is_heard_drops_what_is_older(near: Near, below: int, *, stays: bool) -> None:
    keep(near, "cat1", 5)
    near.hear("app", "cat1", below)
    assert (near.get("app", "cat1") is not None) == stays


def test_an_unnumbered_record_is_replaced_by_another(near: Near) -> None:
    keep(near, "cat1", 0)
    near.hear("app", "cat1", below_of_put(0))
    assert near.get("app", "cat1") is None


def test_what_became_old_on_its_way_is_not_kept(near: Near) -> None:
    ticket = near.ticket()
    near.hear("app", "cat1", below_of_put(6))
    near.put("app", a_record("cat1", 5), ticket)
    assert near.get("app", "cat1") is None
    near.put("app", a_record("cat1", 6), ticket)
    assert near.get("app", "cat1") == a_record("cat1", 6)


def test_who_asks_after_the_news_gets_what_is_kept(near: Near) -> None:
    near.hear("app", "cat1", ALL_CHANGES)
    keep(near, "cat1", 5)
    assert near.get("app", "cat1") == a_record("cat1", 5)


def test_an_older_record_does_not_replace_a_newer_one(near: Near) -> None:
    keep(near, "cat1", 6)
    keep(near, "cat1", 5)
    assert near.get("app", "cat1") == a_record("cat1", 6)


def test_more_news_than_are_remembered_let_nothing_in_that_was_on_its_way(near: Near) -> None:
    ticket = near.ticket()
    near.hear("app", "cat1", below_of_put(6))
    for number in range(10_000):
        near.hear("app", f"dog{number}", below_of_put(6))
    near.put("app", a_record("cat1", 5), ticket)
    assert near.get("app", "cat1") is None


@pytest.mark.parametrize(
    ("news", "left"),
    [
        (news_of_records("app", [("cat1", 9)]), ["app cat2", "other cat1"]),
        (news_of_app("app"), ["other cat1"]),
        (EVERYTHING, []),
        (b"what is this", []),
    ],
    ids=["record", "app", "everything", "nonsense"],
)
def test_news_are_understood(near: Near, news: bytes, left: list[str]) -> None:
    ticket = near.ticket()
    for appid, key in (("app", "cat1"), ("app", "cat2"), ("other", "cat1")):
        near.put(appid, a_record(key, 5), ticket)
    take_news(near, news)
    found = [f"{a} {k}" for a in ("app", "other") for k in ("cat1", "cat2") if near.get(a, k)]
    assert found == left
    near.put("app", a_record("cat1", 5), ticket)
    assert near.get("app", "cat1") is None


def test_nothing_is_trusted_longer_than_was_said(near: Near, clock: FakeClock) -> None:
    keep(near, "cat1", 5)
    clock.now += 20
    near.hear_until(clock.now + 2)  # less than is known already
    clock.now += 29
    assert near.get("app", "cat1") == a_record("cat1", 5)
    clock.now += 1
    assert near.get("app", "cat1") is None
    assert near.get_all("app", ["cat1"]) is None
    assert near.get_all("app", []) == []


def test_who_hears_nothing_any_more_has_nothing(near: Near, clock: FakeClock) -> None:
    keep(near, "cat1", 5)
    near.distrust()
    assert not near.is_trusted
    near.hear_until(clock.now + 10)
    assert near.is_trusted
    assert near.get("app", "cat1") is None


def test_without_room_nothing_is_kept(clock: FakeClock) -> None:
    near = Near(entries=0, size=1, clock=clock)
    near.hear_until(clock.now + 10)
    keep(near, "cat1", 5)
    assert near.get("app", "cat1") is None
    assert len(near) == 0
