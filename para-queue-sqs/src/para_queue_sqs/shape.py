"""What a queue is like: its attributes, read and written."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from para_queue_sqs.texts import SMALLEST_LIMIT

__all__ = ["LONGEST_HIDDEN_SEC", "LONGEST_LIFE_SEC", "Shape", "nothing", "shape_of", "wanted"]

LONGEST_HIDDEN_SEC = 43_200
"""Seconds that SQS hides a message, at most."""

LONGEST_LIFE_SEC = 1_209_600
"""Seconds that SQS keeps a message, at most."""

_SHORTEST_LIFE_SEC = 60
_MOST_RECEIVES = 1000
_COUNTS = ("", "NotVisible", "Delayed")


@dataclass(frozen=True, slots=True)
class Shape:
    """A queue that is there; numbers of messages are estimates."""

    arn: str
    messages: int
    limit: int  # bytes of a message
    retention_sec: int  # 0: it does not say
    dead_letters: str  # name of the queue that its redrive policy names


def shape_of(attributes: Mapping[str, str]) -> Shape:
    """Read the attributes of a queue."""
    target = ""
    with contextlib.suppress(msgspec.DecodeError, KeyError):
        policy = msgspec.json.decode(attributes["RedrivePolicy"], type=dict[str, str | int])
        target = str(policy["deadLetterTargetArn"]).rpartition(":")[2]
    counted = (_number(attributes, f"ApproximateNumberOfMessages{kind}") for kind in _COUNTS)
    return Shape(
        arn=attributes.get("QueueArn", ""),
        messages=sum(counted),
        limit=_number(attributes, "MaximumMessageSize") or SMALLEST_LIMIT,
        retention_sec=_number(attributes, "MessageRetentionPeriod"),
        dead_letters=target,
    )


def wanted(
    *, hidden_sec: int, retention_sec: int, dead_letters: str, receives: int
) -> dict[str, str]:
    """Return the attributes of a queue that is made.

    Args:
        hidden_sec: How long a message is hidden that was received.
        retention_sec: How long messages are kept; SQS keeps them from a minute to two weeks.
        dead_letters: The ARN of the queue to which SQS moves messages by itself.
        receives: After so many it does.
    """
    policy = {"deadLetterTargetArn": dead_letters, "maxReceiveCount": min(receives, _MOST_RECEIVES)}
    life = min(max(retention_sec, _SHORTEST_LIFE_SEC), LONGEST_LIFE_SEC)
    return {
        "VisibilityTimeout": str(hidden_sec),
        "MessageRetentionPeriod": str(life),
        "RedrivePolicy": msgspec.json.encode(policy).decode(),
    }


async def nothing() -> Mapping[str, str]:
    """Return no attributes: what SQS makes a queue like by itself."""
    return {}


def _number(attributes: Mapping[str, str], name: str) -> int:
    text = attributes.get(name, "")
    return int(text) if text.isdecimal() else 0
