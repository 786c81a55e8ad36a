"""What the doctor says of the queue; it makes none."""

from __future__ import annotations

import pytest

from para_core.checks import Finding, Verdict
from para_core.config import Config
from para_queue_sqs.checks import examine_queue

from ..places import a_place, a_queue, address  # noqa: TID252 - tests have no absolute names


async def examined(name: str, **keys: str) -> list[Finding]:
    overrides = {"para.q": "sqs", "para.sqs.endpoint": keys.pop("endpoint", address())}
    overrides |= {"para.default_queue_name": name} | {f"para.{key}": keys[key] for key in keys}
    return [*await examine_queue(Config(overrides))]


async def test_nothing_is_said_where_another_queue_is_used() -> None:
    assert [*await examine_queue(Config({"para.q": "LocalQueue"}))] == []


@pytest.mark.service("sqs")
async def test_a_queue_is_absent_then_there_then_has_dead_letters() -> None:
    place = a_place()
    (absent,) = await examined(place.queue)
    assert (absent.verdict, "not there yet" in absent.said) == (Verdict.GOOD, True)
    async with a_queue(place) as queue:
        await queue.push_all(["a", "b"])
        (there,) = await examined(place.queue)
        assert there.said == f"{place.queue} is there, with about 2 messages"
        await queue.set_aside((await queue.pull(1))[0], "of no use")
    there, letters = await examined(place.queue)
    assert letters.said == f"1 messages were set aside in {place.queue}-dead"


@pytest.mark.service("sqs")
async def test_a_service_that_is_away_and_half_a_key_are_bad() -> None:
    (away,) = await examined("q", endpoint="http://127.0.0.1:9")
    assert (away.verdict, "cannot be reached" in away.said) == (Verdict.BAD, True)
    (half,) = await examined("q", **{"sqs.access_key": "AKIA"})
    assert (half.verdict, "belong together" in half.said) == (Verdict.BAD, True)
