"""One event on its way to one hook, as it is stored, and the log of what became of it."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from para_core.contracts.dao import Record

__all__ = [
    "DAY_MS",
    "FIRST_RETRY_SEC",
    "LAST_RETRY_SEC",
    "LOGGED",
    "MOST_LOGGED",
    "PAUSES_SEC",
    "Delivery",
    "LaneState",
    "Logged",
    "delivery_id",
    "lane_of",
    "record_of",
]

DAY_MS = 86_400_000
"""How long a delivery is tried, in milliseconds."""

FIRST_RETRY_SEC, LAST_RETRY_SEC = 1.0, 7200.0
"""The pause after the first failure of a delivery; it doubles with each, up to the other one."""

PAUSES_SEC = (1, 5, 30, 120, 600, 1800, 7200, 21_600, 43_200)
"""After each counted failure of a hook, until the next one counts; the tenth is 21 hours late."""

LOGGED = 50
"""Deliveries of a hook that the log remembers."""

MOST_LOGGED = 1024 * 1024
"""Characters of a body that the log keeps; a longer one cannot be sent again."""


class Delivery(Struct, kw_only=True, omit_defaults=True):
    """What one hook has to be told. Times are milliseconds since the Unix epoch."""

    id: str  # the same however often it is sent
    seq: int = 0  # the order of all deliveries
    appid: str
    hook: str = ""
    event: str
    body: str
    at: int  # when the event happened
    keys: list[str] = []  # the objects it is about: what is told of one keeps its order
    target: str = ""  # of a delivery that brings its own address and signature
    signature: str = ""
    url_encoded: bool = False
    attempts: int = 0
    not_before: int = 0
    status: int = 0  # of the last answer, if that was a failure
    error: str = ""

    @property
    def lane(self) -> str:
        """The key of the hook's lane."""
        return lane_of(self.appid, self.hook, self.target)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return 500 + len(self.body)


class Logged(Struct, kw_only=True, omit_defaults=True):
    """What became of a delivery."""

    delivery: Delivery
    delivered: bool
    status: int = 0  # of the last answer; 0 where there was none
    error: str = ""
    done: int = 0
    took_ms: int = 0  # of the last try


class LaneState(Struct, kw_only=True, omit_defaults=True):
    """How often in a row a hook failed."""

    failures: int = 0
    failed_at: int = 0  # when the last of these was counted


def lane_of(appid: str, hook: str, target: str = "") -> str:
    """Return the key of a hook's lane: short, and of no characters that mean something."""
    name = msgspec.json.encode([appid, hook, "" if hook else target])
    return hashlib.sha256(name).hexdigest()[:32]


def delivery_id(*parts: object) -> str:
    """Return an id that the same event and hook have whenever it is made."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def record_of(key: str, value: Struct) -> Record:
    """Return a record of the room of deliveries."""
    return Record(key, "delivery", msgspec.json.encode(value))
