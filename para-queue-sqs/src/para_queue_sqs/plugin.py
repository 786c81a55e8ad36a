"""Offers ``AWSQueue``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from para_core.hookspecs import QueueFactory, hookimpl

if TYPE_CHECKING:
    from msgspec import Struct

    from para_core.checks import Check
    from para_core.config import Config
    from para_core.contracts.queue import Queue

para_plugin_api = 1


@hookimpl
def para_register_queues() -> Mapping[str, QueueFactory]:
    """Offer ``AWSQueue``; ``para.q = "sqs"`` selects it too."""
    return {"AWSQueue": open_aws_queue}


@hookimpl
def para_register_sections() -> Mapping[str, type[Struct]]:
    """Describe the settings."""
    from para_queue_sqs.settings import SqsSettings

    return {"para.sqs": SqsSettings}


@hookimpl
def para_register_checks() -> Sequence[Check]:
    """Look whether the queue can be used, and what was set aside."""
    from para_core.checks import Check
    from para_queue_sqs.checks import examine_queue

    return [Check("queue in SQS", examine_queue)]


def open_aws_queue(config: Config) -> Queue:
    """Make the queue that ``para.sqs``, ``para.queue`` and ``para.default_queue_name`` describe."""
    from para_core.memory.queue import QueueSettings
    from para_queue_sqs.place import place_of
    from para_queue_sqs.queue import AWSQueue

    return AWSQueue(place_of(config), config.section("para.queue", QueueSettings))
