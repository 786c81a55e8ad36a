"""Joins requests that wait: while some are on their way, the others collect and go together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from para_core.answers import give
from para_core.errors import UnavailableError

__all__ = ["Lanes"]

Question = TypeVar("Question")
Answer = TypeVar("Answer")

_MOST = 256  # requests in one round: bounds how long the first of them waits


class Lanes(Generic[Question, Answer]):
    """Serves requests of the same group together, some groups at a time.

    There is no timer: a request that comes alone goes at once. ``serve`` gets the requests of one
    group in the order in which they came, and returns an answer or an error for each.
    """

    def __init__(
        self,
        serve: Callable[[str, Sequence[Question]], Awaitable[Sequence[Answer | Exception]]],
        *,
        total: int,
        per_group: int,
        late: Callable[[str, Question, Answer], None] | None = None,
    ) -> None:
        """Serve requests from now on.

        Args:
            serve: How.
            total: Rounds under way at a time.
            per_group: Those of them that may be of the same group.
            late: Hears of each request whose answer came when nobody waited for it any more.
        """
        self._late = late
        self._serve, self._total, self._per_group = serve, total, per_group
        self._loop = asyncio.get_running_loop()
        # Groups with requests that wait, the longest waiting group first.
        self._waiting: dict[str, deque[tuple[Question, asyncio.Future[Answer]]]] = {}
        self._busy: dict[str, int] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    def submit(self, group: str, question: Question) -> asyncio.Future[Answer]:
        """Ask something. Until it has left, cancelling the answer withdraws it."""
        if self._closed:
            raise UnavailableError("the database connection is closed")
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.setdefault(group, deque()).append((question, answer))
        self._start(group)
        return answer

    async def close(self) -> None:
        """Serve what waits, and take nothing more."""
        self._closed = True
        while self._running:
            await asyncio.wait(self._running)

    def _start(self, group: str) -> None:
        busy = self._busy.get(group, 0)
        if len(self._running) < self._total and busy < self._per_group:
            self._busy[group] = busy + 1
            # The task begins in the next turn of the loop, so all requests of this turn go along.
            task = self._loop.create_task(self._run(group))
            self._running.add(task)
            task.add_done_callback(self._finish)

    async def _run(self, group: str) -> None:
        try:
            if batch := self._take(group):
                await self._answer(group, batch)
        finally:
            self._busy[group] -= 1
            if not self._busy[group]:
                del self._busy[group]

    def _take(self, group: str) -> list[tuple[Question, asyncio.Future[Answer]]]:
        batch: list[tuple[Question, asyncio.Future[Answer]]] = []
        waiting = self._waiting.pop(group, deque())
        while waiting and len(batch) < _MOST:
            request = waiting.popleft()
            if not request[1].done():
                batch.append(request)
        if waiting:
            self._waiting[group] = waiting  # behind the other groups
        return batch

    async def _answer(
        self, group: str, batch: list[tuple[Question, asyncio.Future[Answer]]]
    ) -> None:
        outcomes: Sequence[Answer | Exception]
        try:
            outcomes = await self._serve(group, [question for question, _ in batch])
        except Exception as error:  # noqa: BLE001 (whatever it is, those who wait have to hear it)
            outcomes = [error] * len(batch)
        late: list[tuple[Question, Answer]] = []
        for (question, answer), outcome in zip(batch, outcomes, strict=True):
            if answer.done() and not isinstance(outcome, Exception):
                late.append((question, outcome))
            give(answer, outcome)
        if self._late is not None:
            for question, outcome in late:
                self._late(group, question, outcome)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        for group in list(self._waiting):
            if len(self._running) == self._total:
                break
            self._start(group)
