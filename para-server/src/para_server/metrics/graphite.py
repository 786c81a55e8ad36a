"""Metrics as Graphite takes them: a line for each value, over TCP, again and again.

The server's own metrics go where the configuration says. Those of an app go where the app's setting
``metricsGraphiteReporter`` says, through the same rules as every connection that an app makes the
server open: not to private addresses unless that is allowed.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from para_core.errors import UnavailableError
from para_server.metrics.lines import ATTRIBUTES, values_of
from para_server.metrics.target import Target, target_of

if TYPE_CHECKING:
    from para_core.contracts.outbound import Outbound
    from para_core.metrics import Metrics, Registry
    from para_server.metrics.settings import MetricsSettings
    from para_server.services.registries import Registries

__all__ = ["GRAPHITE", "SETTING", "Graphite", "lines_for_graphite"]

logger = logging.getLogger(__name__)

SETTING = "metricsGraphiteReporter"
"""The setting of an app that names its Graphite server."""

GRAPHITE = "GraphiteReporter"
"""The registry of the apps that have such a setting."""

_TIMEOUT_SEC = 10.0
_SYNC_SEC = 60.0  # after that what other servers have put into the registry is noticed
_AT_ONCE = 10  # connections
_SPACE = re.compile(r"\s+")


class Graphite:
    """Sends metrics to Graphite servers."""

    def __init__(
        self,
        metrics: Metrics,
        settings: MetricsSettings,
        registries: Registries,
        outbound: Outbound,
        *,
        instance: int,
    ) -> None:
        """Send nothing yet.

        Args:
            metrics: What is sent.
            settings: Where to.
            registries: Has the targets of apps.
            outbound: Says which addresses apps may name.
            instance: The number of this server, for prefixes.
        """
        self._metrics, self._settings, self._instance = metrics, settings, str(instance)
        self._registries, self._outbound = registries, outbound
        self._targets: dict[str, Target] = {}
        self._failing = set[str]()  # apps whose last report did not arrive
        self._synced_at = float("-inf")

    def look_again(self) -> None:
        """Read the registry before the next report: it has changed."""
        self._synced_at = float("-inf")

    async def report(self) -> None:
        """Send everything once; what cannot be sent is told of, and the next report tries again."""
        now = time.monotonic()
        if now - self._synced_at >= _SYNC_SEC:
            await self._sync()
            self._synced_at = now
        self._metrics.settle()
        await asyncio.gather(self._report_own(), self._report_apps())

    async def _report_own(self) -> None:
        settings = self._settings
        if settings.graphite is not None:
            prefix = self._prefix(settings.prefix_system)
            await self._send(settings.graphite, self._metrics.system, prefix, is_own=True)

    async def _report_apps(self) -> None:
        """Send what apps want to have sent, in one period: those first whose servers answer."""
        room = asyncio.Semaphore(_AT_ONCE)
        sends = [self._report_app(appid, room) for appid in sorted(self._targets, key=self._hangs)]
        try:
            async with asyncio.timeout(self._settings.graphite_period_sec):
                await asyncio.gather(*sends)
        except TimeoutError:
            logger.warning("metrics of some apps were not sent: Graphite servers take too long")

    def _hangs(self, appid: str) -> bool:
        return appid in self._failing

    async def _report_app(self, appid: str, room: asyncio.Semaphore) -> None:
        async with room:
            self._failing.add(appid)  # also when there is no time for it
            prefix = self._prefix(self._settings.prefix_apps, appid)
            if await self._send(
                self._targets[appid], self._metrics.of(appid), prefix, is_own=False
            ):
                self._failing.discard(appid)

    async def _sync(self) -> None:
        values = await self._registries.values(GRAPHITE)
        found = ((appid, target_of(value)) for appid, value in values.items())
        self._targets = {appid: target for appid, target in found if target is not None}
        self._failing &= self._targets.keys()

    def _prefix(self, template: str, appid: str = "") -> str:
        return template.replace("{{INSTANCE_ID}}", self._instance).replace("{{APP_ID}}", appid)

    async def _send(self, target: Target, registry: Registry, prefix: str, *, is_own: bool) -> bool:
        """Send one report; return whether it arrived."""
        lines = "".join(lines_for_graphite(registry, prefix, int(time.time())))
        try:
            async with asyncio.timeout(_TIMEOUT_SEC):
                hosts = [target.host]
                if not is_own:
                    hosts = await self._outbound.addresses_of(*target)
                await _deliver(hosts[0], target.port, lines.encode())
        except (OSError, TimeoutError, UnavailableError) as error:
            reason = str(error) or f"no answer within {_TIMEOUT_SEC:g} seconds"
            extra = {"registry": registry.name, "reason": reason}
            logger.warning("metrics could not be sent to Graphite", extra=extra)
            return False
        return True


async def _deliver(host: str, port: int, data: bytes) -> None:
    _, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(data)
        await writer.drain()
        writer.write_eof()
        writer.close()
        await writer.wait_closed()
    finally:
        writer.transport.abort()  # of whoever does not read, and whom nobody waits for


def lines_for_graphite(registry: Registry, prefix: str, now: int) -> Iterator[str]:
    """Yield the lines of a registry: counters, then timers, each by name.

    Args:
        registry: What is told.
        prefix: What all names begin with; empty for nothing.
        now: Seconds since 1970.
    """
    start = f"{prefix}." if prefix else ""
    for name, count in registry.counts():
        yield f"{_word(f'{start}{name}.count')} {count} {now}\n"
    for name, reading in registry.readings():
        values = values_of(reading)
        for attribute in ATTRIBUTES:
            value = values[attribute]
            text = str(value) if isinstance(value, int) else f"{value:.2f}"
            yield f"{_word(f'{start}{name}.{attribute}')} {text} {now}\n"


def _word(text: str) -> str:
    return _SPACE.sub("-", text)
