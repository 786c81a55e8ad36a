"""Everything that handlers work with, opened from one configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from para_core.contracts.cache import Cache
    from para_core.contracts.queue import Queue
    from para_core.contracts.search import Search
    from para_core.ids import IdGenerator
    from para_core.metrics import Metrics
    from para_server.config import ApiSettings
    from para_server.services.apps import Apps
    from para_server.services.backup import Backup
    from para_server.services.finder import Finder
    from para_server.services.forms import Forms
    from para_server.services.health import Health
    from para_server.services.indexing import Indexing
    from para_server.services.links import Links
    from para_server.services.mailing import Mailing
    from para_server.services.objects import Objects
    from para_server.services.setup import Setup
    from para_server.services.store import Store
    from para_server.services.users import Users
    from para_server.services.utilities import Utilities
    from para_server.services.votes import Votes
    from para_server.webhooks.service import Webhooks

__all__ = ["Clock", "Services"]

Clock = Callable[[], int]
"""Milliseconds since the Unix epoch."""


@dataclass(slots=True)
class Services:
    """The services of one running server."""

    settings: ApiSettings
    clock: Clock
    ids: IdGenerator
    cache: Cache
    search: Search
    index: Indexing
    store: Store
    apps: Apps
    objects: Objects
    finder: Finder
    links: Links
    votes: Votes
    backup: Backup
    utilities: Utilities
    mailing: Mailing
    forms: Forms
    users: Users
    setup: Setup
    health: Health
    metrics: Metrics
    queue: Queue = field(init=False)
    webhooks: Webhooks = field(init=False)
