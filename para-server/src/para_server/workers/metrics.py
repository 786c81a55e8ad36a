"""The metrics of all workers in one answer, whichever of them is asked.

Clients cannot choose the worker that answers on a shared port. So each worker tells its own
metrics to the others, over a socket in the folder where they meet, and the one that is asked puts
all of them together; the label ``worker`` says whose a value is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from para_core.contracts.component import Component
from para_server.metrics.prometheus import FAMILIES

__all__ = ["Told", "WorkerMetrics", "joined"]

logger = logging.getLogger(__name__)

_PATIENCE_SEC = 2.0  # with a worker that is asked
_HEAD = re.compile(r"# (?:HELP|TYPE) (\S+) ")
_STEPS = 3  # of the event loop, from a new connection to its task

Told: TypeAlias = Callable[[], Awaitable[bytes]]


class WorkerMetrics(Component):
    """What one worker tells the others, and hears from them."""

    def __init__(self, folder: Path, number: int, workers: int, own: Told) -> None:
        """Prepare to tell.

        Args:
            folder: Where the workers meet.
            number: Of this worker.
            workers: How many there are.
            own: Returns the metrics of this worker, as Prometheus reads them.
        """
        self._folder, self._number, self._workers, self._own = folder, number, workers, own
        self._server: asyncio.Server | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Tell whoever asks, in the place of a worker that had this number before."""
        place = self._place(self._number)
        place.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._tell, place)

    async def close(self) -> None:
        """Tell no more."""
        if self._server is None:
            return
        self._server.close()
        self._place(self._number).unlink(missing_ok=True)
        for _ in range(_STEPS):  # so that whoever was let in just now is known
            await asyncio.sleep(0)
        for task in self._telling:
            task.cancel()
        if self._telling:
            await asyncio.wait(set(self._telling))
        self._server = None

    async def of_all(self) -> bytes:
        """Return the metrics of all workers; one that does not answer in time is left out."""
        others = [number for number in range(self._workers) if number != self._number]
        own, *told = await asyncio.gather(self._own(), *(self._ask(number) for number in others))
        heard = {self._number: own, **dict(zip(others, told, strict=True))}
        return joined({number: heard[number] for number in sorted(heard)})

    async def _ask(self, number: int) -> bytes:
        try:
            async with asyncio.timeout(_PATIENCE_SEC):
                reader, writer = await asyncio.open_unix_connection(self._place(number))
                try:
                    return await reader.read()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            logger.warning("a worker does not tell its metrics", extra={"worker": number})
            return b""

    async def _tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader  # whoever connects asks
        current = asyncio.current_task()
        assert current is not None  # noqa: S101 - the server runs this in a task
        self._telling.add(current)
        try:
            writer.write(await self._own())
            with contextlib.suppress(OSError):
                await writer.drain()
        finally:
            self._telling.discard(current)
            writer.close()

    def _place(self, number: int) -> Path:
        return self._folder / f"metrics-{number}"


def joined(told: Mapping[int, bytes]) -> bytes:
    """Put the metrics of several workers together, family by family, each with its label."""
    families: dict[str, list[str]] = {name: [] for name in FAMILIES}
    for number, text in told.items():
        family = families[next(iter(FAMILIES))]
        for line in text.decode().splitlines():
            head = _HEAD.match(line)
            if head is None:
                family.append(_labelled(line, number))
            else:
                family = families[head[1]]
    lines: list[str] = []
    for name, values in families.items():
        kind, about = FAMILIES[name]
        lines += [f"# HELP {name} {about}", f"# TYPE {name} {kind}", *values] if values else []
    return "".join([f"{line}\n" for line in lines]).encode()


def _labelled(line: str, number: int) -> str:
    end = re.search(r"[ {]", line)
    name, rest = (line, "") if end is None else (line[: end.start()], line[end.start() :])
    own = f'worker="{number}"'
    return f"{name}{{{own},{rest[1:]}" if rest.startswith("{") else f"{name}{{{own}}}{rest}"
