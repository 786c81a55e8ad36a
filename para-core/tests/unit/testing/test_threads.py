"""What works beside a test ends with it."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from para_core.testing.threads import at_work


def test_all_work_until_the_end_and_are_waited_for() -> None:
    stop, ended = threading.Event(), list[int]()
    begun = threading.Barrier(4)

    def work(number: int) -> None:
        begun.wait(10)
        stop.wait(10)
        ended.append(number)

    with at_work([partial(work, number) for number in range(3)], stop):
        begun.wait(10)
        assert ended == []
    assert sorted(ended) == [0, 1, 2]


def test_they_end_when_the_test_fails() -> None:
    stop, ended = threading.Event(), list[bool]()
    with (
        pytest.raises(ValueError, match="unforeseen"),
        at_work([lambda: ended.append(stop.wait(10))], stop),
    ):
        raise ValueError("unforeseen")
    assert ended == [True]
