"""Following the change feed: what every follower needs, whatever it does with the changes.

A follower has a position in the feed of each app, which it keeps durably together with its own
work. It goes on from there after any stop, so it misses nothing and may meet a change twice. The
feed of an app is forgotten as far as all followers have passed it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Protocol

from para_core.contracts.component import Component
from para_core.contracts.dao import DAO, Change
from para_core.errors import ParaError, UnavailableError
from para_core.tasks import cancelled

__all__ = ["Follower", "Follows", "Retention", "changes_after"]

logger = logging.getLogger(__name__)

_FORGET_EVERY_SEC = 5.0
_BATCH = 200  # changes that are taken at once; they may carry notes
_RETRY_SEC = (0.2, 1.0, 5.0, 15.0)
_REST_SEC = 0.2  # after a failure, whoever wakes it
_LOOK_SEC = 0.02


async def changes_after(
    dao: DAO, appid: str, position: int, limit: int = 1000
) -> AsyncIterator[list[Change]]:
    """Yield all changes of an app after a position, in batches that are never empty."""
    while changes := await dao.changes(appid, position, limit):
        yield changes
        position = changes[-1].number


class Retention:
    """Forgets what all followers have passed, and nothing before each of them said so."""

    def __init__(self, dao: DAO, followers: Collection[str]) -> None:
        """Wait for these followers, by their names."""
        self._dao, self._followers = dao, frozenset(followers)
        self._passed: dict[str, dict[str, int]] = {}  # by app and follower
        self._forgotten: dict[str, float] = {}  # when each app's feed was cut last

    @property
    def followers(self) -> frozenset[str]:
        """Those that are waited for."""
        return self._followers

    async def passed(self, follower: str, appid: str, position: int) -> None:
        """Say that a follower will never ask for changes up to this position again."""
        positions = self._passed.setdefault(appid, {})
        positions[follower] = position
        now = asyncio.get_running_loop().time()
        is_known = self._followers <= positions.keys()
        lowest = min(positions[name] for name in self._followers) if is_known else 0
        if lowest <= 0 or now - self._forgotten.get(appid, 0.0) < _FORGET_EVERY_SEC:
            return
        self._forgotten[appid] = now
        try:
            await self._dao.forget_changes(appid, lowest)
        except ParaError as error:
            logger.warning("old changes stay: %s", error, extra={"appid": appid})

    async def missing(self, appid: str) -> int:
        """Return up to which change entries may be gone that a follower has not passed."""
        del appid
        return 0  # where all of them are waited for

    def drop(self, appid: str) -> None:
        """Forget an app that was removed."""
        self._passed.pop(appid, None)
        self._forgotten.pop(appid, None)


class Follows(Protocol):
    """What is done with the changes of all apps; one instance follows them all."""

    async def position(self, appid: str) -> int:
        """Return the number of the last change that is dealt with for good."""

    async def take(self, appid: str, changes: Sequence[Change]) -> None:
        """Deal with changes, in the order of the feed, each app's one batch after the other.

        What has to outlive a crash is durable when it returns, its position with it or later.
        """


class Follower(Component):
    """Reads the feeds of all apps and hands their changes over, as long as it is open.

    Open it in one process of a server at a time. ``wake`` tells it of a change at once; what
    nobody tells, such as the writes of other processes, it finds every ``poll_sec``.
    """

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        dao: DAO,
        follows: Follows,
        *,
        name: str,
        poll_sec: float = 10.0,
        owns: Callable[[str], bool] = lambda appid: True,
        report: Callable[[str, Exception], None] | None = None,
    ) -> None:
        """Follow the apps of a database for which ``owns`` is true.

        ``report`` is told of ``(appid, error)`` instead of the log; what failed is tried again.
        """
        self._dao, self._follows, self._owns = dao, follows, owns
        self._report = report or self._log
        self._name, self._poll_sec = name, poll_sec
        self._dirty: dict[str, None] = {}
        self._positions: dict[str, int] = {}
        self._failures: dict[str, int] = {}
        self._resting: dict[str, bool] = {}  # apps that just failed; whether they were woken since
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to follow; what was written before is looked for in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"follower: {self._name}")

    async def close(self) -> None:
        """Stop after the batch that is under way; the next opening goes on from there."""
        task, self._task = self._task, None
        try:
            await cancelled(task)
        finally:
            self._dirty.clear()
            self._positions.clear()
            self._failures.clear()
            self._resting.clear()

    def wake(self, appid: str) -> None:
        """Say that an app has a change."""
        if appid in self._resting:
            self._resting[appid] = True
        elif self._owns(appid):
            self._dirty[appid] = None
            self._wake.set()

    def resume(self, appid: str) -> None:
        """Say that what kept an app from going on has passed."""
        self._resting.pop(appid, None)
        self.wake(appid)

    def position(self, appid: str) -> int | None:
        """Return how far it is with an app; ``None`` when it has not looked at it yet."""
        return self._positions.get(appid)

    def waiting(self) -> dict[str, int]:
        """Return how far it is with the apps that have changes it has not taken."""
        return {appid: self._positions.get(appid, 0) for appid in (*self._dirty, *self._failures)}

    async def reach(self, appid: str, number: int, timeout_sec: float = 5.0) -> bool:
        """Wait until a change of an app was taken; ``False`` when that took too long."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_sec
        while self._positions.get(appid, 0) < number:
            if loop.time() >= end:
                return False
            self.wake(appid)
            await asyncio.sleep(_LOOK_SEC)
        return True

    def drop(self, appid: str) -> None:
        """Forget an app that was removed."""
        self._dirty.pop(appid, None)
        self._positions.pop(appid, None)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        looked = float("-inf")
        while True:
            if loop.time() - looked >= self._poll_sec:
                looked = loop.time()
                await self._mark_all()
            while self._dirty:
                appid = next(iter(self._dirty))
                del self._dirty[appid]
                step = asyncio.create_task(self._step(appid))
                try:
                    await asyncio.shield(step)
                except asyncio.CancelledError:
                    await step  # a batch is taken whole
                    raise
                await asyncio.sleep(0)
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(looked + self._poll_sec - loop.time(), 0.01)):
                    await self._wake.wait()

    async def _mark_all(self) -> None:
        try:
            for appid in await self._dao.apps():
                if self._owns(appid) and appid not in self._resting:
                    self._dirty.setdefault(appid)
        except ParaError as error:
            logger.warning("apps are not looked at: %s", error, extra={"follower": self._name})
        except Exception:  # whatever it is: the next look may be better
            logger.exception("apps are not looked at", extra={"follower": self._name})

    async def _step(self, appid: str) -> None:
        """Take one batch of an app, so that the others wait for no more than that."""
        try:
            position = self._positions.get(appid)
            if position is None:
                position = self._positions[appid] = await self._follows.position(appid)
            changes = await self._dao.changes(appid, position, _BATCH)
            if changes:
                await self._follows.take(appid, changes)
                self._positions[appid] = changes[-1].number
                self._dirty[appid] = None
            self._failures.pop(appid, None)
        except Exception as error:  # noqa: BLE001 - the other apps must be followed on
            self._fail(appid, error)

    def _fail(self, appid: str, error: Exception) -> None:
        """Take an app again after a pause, whatever becomes of the report."""
        self._positions.pop(appid, None)  # it may have been stored all the same
        failures = self._failures[appid] = self._failures.get(appid, 0) + 1
        pause = _RETRY_SEC[min(failures, len(_RETRY_SEC)) - 1]
        loop, self._resting[appid] = asyncio.get_running_loop(), False
        loop.call_later(min(pause, _REST_SEC), self._rested, self._task, appid)
        loop.call_later(pause, self._again, self._task, appid)
        try:
            self._report(appid, error)
        except Exception:
            extra = {"follower": self._name, "app": appid}
            logger.exception("it is not told that changes are not taken", extra=extra)

    def _log(self, appid: str, error: Exception) -> None:
        extra = {"follower": self._name, "app": appid}
        if isinstance(error, UnavailableError):  # it passes, and says why by itself
            logger.warning("changes are not taken: %s", error, extra=extra)
        else:
            logger.error("changes are not taken", exc_info=error, extra=extra)

    def _rested(self, task: asyncio.Task[None] | None, appid: str) -> None:
        if task is self._task and self._resting.pop(appid, False):
            self.wake(appid)

    def _again(self, task: asyncio.Task[None] | None, appid: str) -> None:
        if task is self._task:
            self.resume(appid)
