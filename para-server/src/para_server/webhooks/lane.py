"""The deliveries of one hook: which is next, how many at once, and what a failure means.

Deliveries that share an object are sent one after the other, others side by side. A delivery that
failed is tried again after a pause that grows; it holds back what is to be told of its objects, and
nothing else. A hook of which everything fails is asked less and less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from para_server.webhooks.deliveries import (
    FIRST_RETRY_SEC,
    LAST_RETRY_SEC,
    PAUSES_SEC,
    Delivery,
    LaneState,
)

__all__ = ["Lane"]

_FIRST_WINDOW, _WIDEST_WINDOW = 2, 8  # deliveries under way at once
_TRIES_A_PAUSE = 10  # a failing hook is asked about so often until the failure counts again
MOST_WAITING, MOST_BYTES = 1000, 4 * 1024 * 1024  # that are held in memory


@dataclass(slots=True)
class Lane:
    """One hook, or one address; all times are milliseconds since the Unix epoch."""

    key: str
    appid: str
    hook: str
    state: LaneState = field(default_factory=LaneState)
    waiting: dict[int, Delivery] = field(default_factory=dict)  # by their order, ascending
    under_way: dict[int, int] = field(default_factory=dict)  # when each was sent
    last: int = 0  # order of the last delivery that was taken into memory
    has_more: bool = False  # in the database, after that one
    skipped: int = 0  # how often something was left to the database
    bytes: int = 0
    window: int = _FIRST_WINDOW
    is_changed: bool = False  # the hook, since it was looked at
    tried_at: int = 0
    logged: list[int] = field(default_factory=list)  # orders of what the log holds

    @property
    def is_full(self) -> bool:
        """Whether no more deliveries are taken into memory."""
        return len(self.waiting) >= MOST_WAITING or self.bytes >= MOST_BYTES

    @property
    def is_done(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return not (self.waiting or self.under_way or self.has_more)

    def add(self, delivery: Delivery) -> None:
        """Take a delivery that comes after all others."""
        if delivery.seq <= self.last:
            return
        if self.has_more or self.is_full:
            self.expect_more()
            return
        self.waiting[delivery.seq] = delivery
        self.bytes += delivery.size
        self.last = delivery.seq

    def expect_more(self) -> None:
        """Note that the database has deliveries after the last one in memory."""
        self.has_more = True
        self.skipped += 1

    def fill(self, found: Sequence[Delivery], skipped: int) -> None:
        """Take what was found in the database after the last delivery in memory.

        Args:
            found: Empty when there was nothing more.
            skipped: What ``skipped`` was before the database was asked; what was left to it
                meanwhile may not have been found.
        """
        self.has_more = False
        for delivery in found:
            self.add(delivery)
        if found or skipped != self.skipped:
            self.has_more = True

    def next(self, now: int) -> tuple[Delivery | None, int]:
        """Return the delivery to send now, or else when to look again; 0 for "when told"."""
        if len(self.under_way) >= self.window:
            return None, 0
        resting = self._rests_until()
        if resting > now:
            return None, resting
        look_again = 0
        held: set[str] = set()
        for seq, delivery in self.waiting.items():
            is_held = seq in self.under_way or not held.isdisjoint(delivery.keys)
            if not is_held and delivery.not_before <= now:
                return delivery, 0
            if not is_held:
                look_again = min(look_again or delivery.not_before, delivery.not_before)
            held.update(delivery.keys)
        return None, look_again

    def _rests_until(self) -> int:
        """Return until when a hook that fails is left in peace."""
        failures = self.state.failures
        if failures == 0:
            return 0
        return self.tried_at + _pause_ms(failures) // _TRIES_A_PAUSE

    def begin(self, delivery: Delivery, now: int) -> None:
        """Note that a delivery is under way."""
        self.under_way[delivery.seq] = self.tried_at = now

    def remove(self, delivery: Delivery) -> None:
        """Note that a delivery is done with."""
        self.under_way.pop(delivery.seq, None)
        if self.waiting.pop(delivery.seq, None) is not None:
            self.bytes -= delivery.size

    def succeed(self) -> bool:
        """Note that the hook took something; return whether it had failed before."""
        self.window = min(self.window + 1, _WIDEST_WINDOW)
        if not self.state.failures:
            return False
        self.state = LaneState()
        for delivery in self.waiting.values():
            delivery.not_before = 0  # it is back
        return True

    def fail(self, delivery: Delivery, now: int) -> bool:
        """Note that a delivery failed, and when it is tried again.

        Of several failures at one time one counts, and then none until a pause has gone by that
        grows with their number.

        Returns:
            Whether this failure counts.
        """
        sent = self.under_way.pop(delivery.seq, now)
        delivery.attempts += 1
        delivery.not_before = now + _retry_ms(delivery.attempts)
        self.window = 1
        failures, counted = self.state.failures, self.state.failed_at
        if failures and (sent < counted or now < counted + _pause_ms(failures)):
            return False
        self.state = LaneState(failures=failures + 1, failed_at=now)
        return True


def _retry_ms(attempts: int) -> int:
    """Return after how long a delivery is tried again that was tried so often."""
    seconds = min(FIRST_RETRY_SEC * 2 ** min(attempts - 1, 30), LAST_RETRY_SEC)
    return int(seconds * 1000)


def _pause_ms(failures: int) -> int:
    """Return how long to wait until a failure of a hook counts again."""
    return int(PAUSES_SEC[min(failures, len(PAUSES_SEC)) - 1] * 1000)
