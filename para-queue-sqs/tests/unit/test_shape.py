"""What queues are like."""

from __future__ import annotations

import pytest

from para_queue_sqs.shape import shape_of, wanted


def test_a_queue_that_is_made_is_read_back() -> None:
    arn = "arn:aws:sqs:eu-west-1:123456789012:para-dead"
    made = wanted(hidden_sec=30, retention_sec=345_600, dead_letters=arn, receives=11)
    shape = shape_of(made)
    assert (shape.dead_letters, shape.retention_sec) == ("para-dead", 345_600)
    assert made["VisibilityTimeout"] == "30"


@pytest.mark.parametrize(("asked", "kept"), [(1, "60"), (3600, "3600"), (10**9, "1209600")])
def test_messages_are_kept_for_as_long_as_sqs_can(asked: int, kept: str) -> None:
    made = wanted(hidden_sec=30, retention_sec=asked, dead_letters="a:b", receives=5000)
    assert made["MessageRetentionPeriod"] == kept
    assert '"maxReceiveCount":1000' in made["RedrivePolicy"]


@pytest.mark.parametrize("policy", ["", "{", "[]", '{"maxReceiveCount":3}', '{"a":{}}'])
def test_a_policy_that_says_nothing_names_no_queue(policy: str) -> None:
    assert shape_of({"RedrivePolicy": policy}).dead_letters == ""


def test_all_messages_are_counted() -> None:
    counts = {"": "1", "NotVisible": "20", "Delayed": "300"}
    shape = shape_of({f"ApproximateNumberOfMessages{kind}": n for kind, n in counts.items()})
    assert (shape.messages, shape.limit) == (321, 262_144)
