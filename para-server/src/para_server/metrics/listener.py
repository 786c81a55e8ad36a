"""Hears of apps: their metrics come and go with them, and go where their settings say."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from para_core.listeners import AppListener
from para_server.metrics.graphite import GRAPHITE, SETTING
from para_server.metrics.target import target_of

if TYPE_CHECKING:
    from para_core.metrics import Metrics
    from para_core.objects import App
    from para_server.metrics.graphite import Graphite
    from para_server.services.registries import Registries

__all__ = ["MetricsListener"]

logger = logging.getLogger(__name__)


class MetricsListener(AppListener):
    """Begins with an app's metrics, ends with them, and keeps the registry of Graphite servers.

    ``registries`` and ``graphite`` are set when there are some: they need the database.
    """

    registries: Registries | None = None
    graphite: Graphite | None = None

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def app_created(self, app: App) -> None:
        """Show the names of its timers, with zeros."""
        self._metrics.begin(app.identifier)

    async def app_deleted(self, app: App) -> None:
        """Drop its registry."""
        self._metrics.forget(app.identifier)

    async def setting_added(self, app: App, key: str, value: object) -> None:
        """Keep where an app's metrics go; what names no server names none."""
        if key != SETTING or self.registries is None:
            return
        target = target_of(value)
        if target is None:
            extra = {"appid": app.identifier}
            logger.warning("%s has no host, or no port from 1 to 65535", SETTING, extra=extra)
            await self.registries.remove(GRAPHITE, app.identifier)
        else:
            await self.registries.put(GRAPHITE, app.identifier, target._asdict())
        self._look_again()

    async def setting_removed(self, app: App, key: str) -> None:
        """Send an app's metrics nowhere any more."""
        if key == SETTING and self.registries is not None:
            await self.registries.remove(GRAPHITE, app.identifier)
            self._look_again()

    def _look_again(self) -> None:
        if self.graphite is not None:
            self.graphite.look_again()
