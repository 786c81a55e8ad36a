"""What happens with metrics again and again while the server runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from para_core.contracts.component import Component
from para_core.metrics.rates import TICK_SEC
from para_core.tasks import cancelled
from para_server.metrics.lines import lines_of

if TYPE_CHECKING:
    from para_core.metrics import Metrics
    from para_server.metrics.graphite import Graphite
    from para_server.metrics.settings import MetricsSettings

__all__ = ["METRICS_LOG", "Reporting", "every"]

METRICS_LOG = "paraMetrics"
"""Name of the logger of the lines with metrics."""

logger = logging.getLogger(__name__)
metrics_logger = logging.getLogger(METRICS_LOG)
slow_logger = logging.getLogger("para_server.slow")

_AT_ONCE = 10  # lines before others have their turn
_NS_PER_MS = 1_000_000


class Reporting(Component):
    """Settles the metrics every five seconds, and tells them to their log and to Graphite.

    An error of a report is logged, and the next one is tried all the same.
    """

    def __init__(self, metrics: Metrics, settings: MetricsSettings, graphite: Graphite) -> None:
        self._metrics, self._settings, self._graphite = metrics, settings, graphite
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin."""
        metrics, settings = self._metrics, self._settings
        if not settings.is_on:
            return
        if settings.slow_ms > 0:
            metrics.slow_ns, metrics.on_slow = settings.slow_ms * _NS_PER_MS, _tell_slow
        self._repeat(TICK_SEC, self._settle)
        if settings.logging_rate_sec > 0:
            self._repeat(settings.logging_rate_sec, self._log)
        if settings.graphite_period_sec > 0:
            self._repeat(settings.graphite_period_sec, self._graphite.report)

    async def close(self) -> None:
        """End."""
        await asyncio.gather(*map(cancelled, self._tasks))
        self._tasks = []

    def _repeat(self, seconds: float, report: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(asyncio.create_task(every(seconds, report)))

    async def _settle(self) -> None:
        self._metrics.settle()

    async def _log(self) -> None:
        if not metrics_logger.hasHandlers():
            return
        self._metrics.settle()
        for at, line in enumerate(lines_of(self._metrics.system)):
            metrics_logger.info(line)
            if at % _AT_ONCE == 0:
                await asyncio.sleep(0)


async def every(seconds: float, report: Callable[[], Awaitable[None]]) -> None:
    """Run something again and again, first when this time has passed."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        due = max(due + seconds, loop.time())
        await asyncio.sleep(due - loop.time())
        try:
            await report()
        except Exception:
            logger.exception("a report of metrics failed")


def _tell_slow(appid: str, name: str, took_ns: int) -> None:
    extra = {"operation": name, "appid": appid, "took_ms": took_ns // _NS_PER_MS}
    slow_logger.warning("a slow operation", extra=extra)
