"""Generated ids."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from para_core.errors import ConfigError, UnavailableError
from para_core.ids import EPOCH_MS, LONGEST_STEP_BACK_MS, IdGenerator

NOW_MS = 1_795_293_071_674


def clock_that_shows(*times_ms: int) -> Callable[[], int]:
    """A clock that answers these times one after the other."""
    left = iter(times_ms)
    return lambda: next(left)


def parts_of(key: str) -> tuple[int, int, int]:
    """Milliseconds, worker and sequence of an id."""
    number = int(key)
    return (number >> 22) + EPOCH_MS, number >> 12 & 1023, number & 4095


@pytest.mark.parametrize(("worker_id", "bits"), [(1, 1), (31, 31), (1023, 1023), (1024, 0)])
def test_an_id_holds_the_time_the_worker_and_a_sequence(worker_id: int, bits: int) -> None:
    ids = IdGenerator(worker_id, clock_that_shows(NOW_MS, NOW_MS, NOW_MS + 1))
    assert [parts_of(ids.next()) for _ in range(3)] == [
        (NOW_MS, bits, 0),
        (NOW_MS, bits, 1),
        (NOW_MS + 1, bits, 0),
    ]


def test_an_id_is_the_documented_number() -> None:
    expected = (NOW_MS - 1310084584692) << 22 | 5 << 12
    assert IdGenerator(5, lambda: NOW_MS).next() == str(expected)


@pytest.mark.parametrize("worker_id", [-1, 0, 1025])
def test_a_worker_id_out_of_range_is_refused(worker_id: int) -> None:
    with pytest.raises(ConfigError, match=r"para\.worker_id is -?\d+; use a number from 1 to 1024"):
        IdGenerator(worker_id, lambda: NOW_MS)


def test_more_ids_than_a_millisecond_holds_go_into_the_next_one() -> None:
    ids = IdGenerator(1, lambda: NOW_MS)
    made = [ids.next() for _ in range(4097)]
    assert parts_of(made[-2]) == (NOW_MS, 1, 4095)
    assert parts_of(made[-1]) == (NOW_MS + 1, 1, 0)


def test_ids_go_on_growing_while_the_clock_is_a_little_behind() -> None:
    behind = NOW_MS - LONGEST_STEP_BACK_MS
    ids = IdGenerator(1, clock_that_shows(NOW_MS, behind, behind + 1, NOW_MS, NOW_MS + 1))
    made = [int(ids.next()) for _ in range(5)]
    assert made == sorted(set(made))


def test_a_clock_that_went_back_far_stops_ids_until_it_has_caught_up() -> None:
    too_far = NOW_MS - LONGEST_STEP_BACK_MS - 1
    ids = IdGenerator(1, clock_that_shows(NOW_MS, too_far, NOW_MS + 1))
    ids.next()
    with pytest.raises(UnavailableError, match="the clock went back 10001 ms"):
        ids.next()
    assert parts_of(ids.next()) == (NOW_MS + 1, 1, 0)


def test_threads_never_get_the_same_id() -> None:
    ids = IdGenerator(1, lambda: NOW_MS)
    with ThreadPoolExecutor(4) as threads:
        chunks = list(threads.map(lambda _: [ids.next() for _ in range(2000)], range(4)))
    assert len({key for chunk in chunks for key in chunk}) == 8000
    assert all(chunk == sorted(chunk, key=int) for chunk in chunks)
