"""The order of deliveries to one hook, and what failures mean."""

from __future__ import annotations

from itertools import pairwise

from para_server.webhooks.deliveries import DAY_MS, Delivery
from para_server.webhooks.lane import MOST_WAITING, Lane


def a_delivery(seq: int, *keys: str, body: str = "{}") -> Delivery:
    return Delivery(
        id=str(seq), seq=seq, appid="app", event="create", body=body, at=0, keys=list(keys)
    )


def a_lane(*deliveries: Delivery) -> Lane:
    lane = Lane("key", "app", "hook")
    for delivery in deliveries:
        lane.add(delivery)
    return lane


def sent(lane: Lane, now: int = 0) -> list[int]:
    """Send what may be sent now."""
    found = []
    while (delivery := lane.next(now)[0]) is not None:
        lane.begin(delivery, now)
        found.append(delivery.seq)
    return found


def test_what_shares_an_object_goes_one_after_the_other() -> None:
    first, second, third = (
        a_delivery(1, "a", "b"),
        a_delivery(2, "b", "c"),
        a_delivery(3, "c"),
    )
    lane = a_lane(first, second, third, a_delivery(4, "d"))
    lane.window = 8
    assert sent(lane) == [1, 4]
    lane.remove(first)
    assert sent(lane) == [2]
    lane.remove(second)
    assert sent(lane) == [3]


def test_what_is_about_nothing_waits_for_nothing() -> None:
    lane = a_lane(*(a_delivery(seq) for seq in range(1, 6)))
    lane.window = 8
    assert sent(lane) == [1, 2, 3, 4, 5]


def test_the_window_grows_with_success_and_closes_with_failure() -> None:
    lane = a_lane(*(a_delivery(seq) for seq in range(1, 40)))
    assert len(sent(lane)) == 2
    for _ in range(10):
        lane.succeed()
    assert lane.window == 8
    lane.fail(lane.waiting[1], 0)
    assert lane.window == 1


def test_a_failed_delivery_holds_back_its_object_only() -> None:
    lane = a_lane(a_delivery(1, "a"), a_delivery(2, "a"), a_delivery(3, "b"))
    assert sent(lane) == [1, 3]
    lane.remove(lane.waiting[3])
    lane.fail(lane.waiting[1], 0)
    lane.succeed()
    lane.waiting[1].not_before = 500
    assert lane.next(499) == (None, 500)
    assert sent(lane, 500) == [1]


def test_pauses_grow_for_most_of_a_day_and_then_it_is_given_up() -> None:
    delivery = a_delivery(1, "a")
    lane, tried = a_lane(delivery), []
    while delivery.not_before <= DAY_MS:
        tried.append(delivery.not_before)
        lane.begin(delivery, tried[-1])
        lane.fail(delivery, tried[-1])
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert pauses[:4] == [1000, 2000, 4000, 8000]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 7_200_000
    assert tried[-1] > 22 * 3_600_000
    assert lane.state.failures == 10  # that is when a hook is turned off


def test_failures_at_one_time_count_once() -> None:
    lane = a_lane(*(a_delivery(seq) for seq in range(1, 9)))
    lane.window = 8
    sent(lane)
    counted = [lane.fail(lane.waiting[seq], 10) for seq in range(1, 9)]
    assert counted == [True] + [False] * 7
    assert lane.state.failures == 1


def test_failures_count_again_after_a_pause_that_grows() -> None:
    lane, now, counted = a_lane(), 0, []
    for seq in range(1, 400):
        delivery = a_delivery(seq)
        lane.add(delivery)
        lane.begin(delivery, now)
        if lane.fail(delivery, now):
            counted.append(now)
        lane.remove(delivery)
        now += 100
    assert counted == [0, 1000, 6000, 36_000]


def test_a_failing_hook_is_asked_now_and_then() -> None:
    lane, asked, now = a_lane(), 0, 0
    for seq in range(1, 2000):
        lane.add(a_delivery(seq))
    while now < 3_600_000:
        delivery, look_again = lane.next(now)
        if delivery is None:
            now = look_again
            continue
        lane.begin(delivery, now)
        lane.fail(delivery, now)
        asked += 1
    assert 40 < asked < 80


def test_a_success_lets_all_that_failed_go_at_once() -> None:
    lane = a_lane(*(a_delivery(seq, str(seq)) for seq in range(1, 4)))
    lane.window = 8
    sent(lane)
    for seq in (1, 2, 3):
        lane.fail(lane.waiting[seq], 0)
    assert lane.next(1)[0] is None
    assert lane.succeed()
    assert not lane.succeed()
    assert lane.state.failures == 0
    lane.window = 8
    assert sent(lane, 1) == [1, 2, 3]


def test_more_than_memory_holds_stays_in_the_database() -> None:
    lane = a_lane(*(a_delivery(seq) for seq in range(1, MOST_WAITING + 10)))
    assert (len(lane.waiting), lane.last, lane.has_more) == (MOST_WAITING, MOST_WAITING, True)
    lane.remove(lane.waiting[1])
    lane.add(a_delivery(MOST_WAITING + 11))  # those before it have to come first
    assert lane.last == MOST_WAITING
    large = a_lane(*(a_delivery(seq, body="x" * 1_500_000) for seq in range(1, 9)))
    assert len(large.waiting) == 3
    assert large.has_more


def test_what_is_known_is_not_taken_twice() -> None:
    lane = a_lane(a_delivery(1), a_delivery(2))
    lane.add(a_delivery(2))
    lane.add(a_delivery(1))
    assert list(lane.waiting) == [1, 2]


def test_what_comes_while_the_database_is_asked_is_not_forgotten() -> None:
    lane = Lane("key", "app", "hook", has_more=True)
    skipped = lane.skipped
    lane.add(a_delivery(1))  # stored after the question, and told before its answer
    lane.fill([], skipped)
    assert not lane.is_done
    lane.fill([a_delivery(1)], lane.skipped)
    lane.fill([], lane.skipped)
    assert list(lane.waiting) == [1]
    assert not lane.has_more
    lane.add(a_delivery(2))
    assert list(lane.waiting) == [1, 2]
