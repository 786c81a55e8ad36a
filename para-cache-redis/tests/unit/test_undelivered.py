"""What has to be told to Redis later, and who may fill."""

from __future__ import annotations

import pytest

from para_cache_redis.tickets import Tickets
from para_cache_redis.undelivered import Undelivered


@pytest.mark.parametrize(
    ("changes", "left"),
    [([5, 6], 6), ([6, 5], 6), ([6, 0], 0), ([0, 6], 0)],
    ids=["later", "earlier", "then any", "first any"],
)
def test_the_eviction_that_takes_most_is_remembered(changes: list[int], left: int) -> None:
    undelivered = Undelivered()
    for change in changes:
        undelivered.add_records("app", [("cat1", change)])
    assert undelivered.records == {("app", "cat1"): left}


def test_each_kind_is_remembered() -> None:
    undelivered = Undelivered()
    assert not undelivered
    undelivered.add_records("app", [("cat1", 5)])
    undelivered.add_value("app", "name")
    undelivered.add_app("other")
    assert len(undelivered) == 3
    undelivered.add_everything()
    assert undelivered.everything
    assert list(undelivered.apps) == ["other"]
    assert len(undelivered) == 2


def test_too_many_become_one() -> None:
    undelivered = Undelivered()
    undelivered.add_records("app", [(f"cat{n}", 5) for n in range(10_000)])
    assert not undelivered.everything
    undelivered.add_value("app", "name")
    assert undelivered.everything
    assert len(undelivered) == 1
    undelivered.add_records("app", [("cat1", 6)])
    undelivered.add_value("app", "name")
    assert len(undelivered) == 1


def test_the_oldest_reader_counts_and_the_first_uses_it_up() -> None:
    tickets = Tickets()
    tickets.note("app", "cat1", b"one")
    tickets.note("app", "cat1", b"two")
    assert tickets.take("app", "cat1") == b"one"
    assert tickets.take("app", "cat1") is None
    assert tickets.take("app", "unknown") is None


def test_tickets_are_bounded() -> None:
    tickets = Tickets()
    for number in range(10_001):
        tickets.note("app", str(number), b"one")
    assert tickets.take("app", "0") is None
    assert tickets.take("app", "1") == b"one"
