"""Whether the server can do its work, part by part.

Parts are looked at again and again, and whenever somebody asks, at most once a second. Some parts
are vital: without the database, or another back-end that requests need, the server is not healthy
and a load balancer should send requests elsewhere. The others are told of, and that is all: taking
every server away because its queue is away would make it worse.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from para_core.contracts.component import Component
from para_core.tasks import cancelled

if TYPE_CHECKING:
    from para_server.services.container import Services

__all__ = ["Health", "Part", "PartReport", "Report", "is_healthy"]

logger = logging.getLogger(__name__)

_FRESH_SEC = 1.0  # how long one look serves all who ask


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the server, and what tells whether it works.

    ``check`` returns what is wrong in a few words, empty when nothing is; an exception is something
    wrong as well. ``about`` returns what else the operator may want to know, without waiting.
    """

    name: str
    check: Callable[[], Awaitable[str]]
    is_vital: bool = True
    about: Callable[[], Mapping[str, object]] = dict


@dataclass(frozen=True, slots=True)
class PartReport:
    """What a look at one part found; ``fault`` is empty when it works."""

    name: str
    is_vital: bool
    fault: str
    took_ms: int
    about: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What one look at all parts found."""

    parts: Sequence[PartReport] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether every vital part works; before the first look nothing does."""
        return bool(self.parts) and not any(part.fault for part in self.parts if part.is_vital)


class Health(Component):
    """Looks at the parts of the server, and logs when they fail and when they work again."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        timeout_sec: float = 5.0,
        interval_sec: float = 0,
        fresh_sec: float = _FRESH_SEC,
    ) -> None:
        """Look at nothing yet.

        Args:
            parts: What is looked at.
            timeout_sec: A part that has not answered after this time does not work.
            interval_sec: From one look to the next, when nobody asks; 0 for no looks of its own.
            fresh_sec: How long the result of a look is told without another one.
        """
        self.last = Report()
        self._parts, self._timeout_sec = list(parts), timeout_sec
        self._interval_sec, self._fresh_sec = interval_sec, fresh_sec
        self._looked_at = float("-inf")
        self._lock = asyncio.Lock()  # held by whoever looks
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Look for the first time, and begin to look again and again."""
        await self.report()
        if self._interval_sec > 0:
            self._task = asyncio.create_task(self._watch(), name="health")

    async def close(self) -> None:
        """Look no more."""
        task, self._task = self._task, None
        await cancelled(task)

    def add(self, part: Part) -> None:
        """Look at one more part from now on."""
        self._parts.append(part)

    async def report(self) -> Report:
        """Return how the parts are; who asks while somebody looks waits for that look."""
        async with self._lock:
            if time.monotonic() - self._looked_at >= self._fresh_sec:
                found = await asyncio.gather(*(self._look_at(part) for part in self._parts))
                self._tell(self.last, Report(found))
                self.last, self._looked_at = Report(found), time.monotonic()
            return self.last

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._interval_sec)
            await self.report()

    async def _look_at(self, part: Part) -> PartReport:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_sec):
                fault = await part.check()
        except TimeoutError:
            fault = f"no answer within {self._timeout_sec:g} seconds"
        except Exception as error:  # noqa: BLE001 - whatever it is, the part does not work
            fault = f"{type(error).__name__}: {error}"
        took_ms = int((time.monotonic() - began) * 1000)
        return PartReport(part.name, part.is_vital, fault, took_ms, part.about())

    def _tell(self, before: Report, now: Report) -> None:
        """Log what has changed; the two lines about the whole are those of the original."""
        faults = {part.name: part.fault for part in before.parts}
        for part in now.parts:
            if part.fault and not faults.get(part.name):
                logger.warning("a part of the server fails", extra=_about(part))
            elif faults.get(part.name) and not part.fault:
                logger.info("a part of the server works again", extra=_about(part))
        was_known = bool(before.parts)
        if not now.is_healthy and (before.is_healthy or not was_known):
            failed = ", ".join(part.name for part in now.parts if part.fault and part.is_vital)
            logger.error(
                "Server is no longer healthy! Health check failed for services: %s", failed
            )
        elif now.is_healthy and not before.is_healthy:
            logger.info("Server is healthy.")


async def is_healthy(services: Services) -> bool:
    """Tell whether the server can do its work."""
    return (await services.health.report()).is_healthy


def _about(part: PartReport) -> dict[str, str]:
    return {"part": part.name, **({"fault": part.fault} if part.fault else {})}
