"""Hears of apps, so that the metrics of one that is gone are gone as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.listeners import AppListener

if TYPE_CHECKING:
    from para_core.metrics import Metrics
    from para_core.objects import App

__all__ = ["MetricsListener"]


class MetricsListener(AppListener):
    """Begins with an app's metrics and ends with them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def app_created(self, app: App) -> None:
        """Show the names of its timers, with zeros."""
        self._metrics.begin(app.identifier)

    async def app_deleted(self, app: App) -> None:
        """Drop its registry."""
        self._metrics.forget(app.identifier)
