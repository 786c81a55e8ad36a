"""Can the queue be used, and does anything lie aside? Nothing is made or changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from para_core.checks import Finding, advice, bad, good
from para_core.errors import ParaError

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["examine_queue"]

_NAMES = ("awsqueue", "sqs")


async def examine_queue(config: Config) -> Iterable[Finding]:
    """Ask the service for the queue, where the configuration selects it."""
    if config.text("para.q").strip().lower() not in _NAMES:
        return []
    from para_core.memory.queue import QueueSettings
    from para_queue_sqs.place import place_of
    from para_queue_sqs.state import look

    try:
        place = place_of(config)
        state = await look(place)
    except ParaError as error:
        return [bad(str(error), "put it right; messages wait until then")]
    if state is None:
        return [good(f"{place.queue} is not there yet; the first message makes it")]
    findings = [good(f"{place.queue} is there, with about {state.shape.messages} messages")]
    if state.dead:
        findings.append(
            advice(
                f"{state.dead} messages were set aside in {state.dead_queue}",
                "look at GET /v1/_queue as the root app, and put them back with POST /v1/_queue/ID",
            )
        )
    if not state.shape.dead_letters:
        findings.append(
            advice(
                f"{place.queue} has no redrive policy, so only Para sets messages aside",
                f"let it name {state.dead_queue}, if other programs receive from it too",
            )
        )
    wanted = config.section("para.queue", QueueSettings).retention_sec
    kept = state.shape.retention_sec
    if kept and kept < wanted:
        findings.append(
            advice(
                f"{place.queue} drops messages after {kept} seconds, not after the "
                f"{wanted} of para.queue.retention_sec",
                "set its MessageRetentionPeriod; Para changes no queue that was there before",
            )
        )
    return findings
