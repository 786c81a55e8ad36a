"""Sends deliveries: each hook in its lane, all lanes side by side.

A receiver that hangs takes up what its own lane may have under way, for as long as a request may
take, and then one request now and then. It gets a part of the room only, however many hooks it has,
and hooks that work have a room of their own (``rooms``): those that hang keep no others waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from para_core.contracts.component import Component
from para_core.errors import ParaError
from para_server.access.bounded import BoundedDict
from para_server.webhooks.deliveries import DAY_MS, LOGGED, Delivery, LaneState, Logged, lane_of
from para_server.webhooks.lane import Lane
from para_server.webhooks.payload import headers_of, posted, signature
from para_server.webhooks.rooms import Room, Rooms, receiver_of

if TYPE_CHECKING:
    from para_server.outbound import OutboundClient
    from para_server.services.container import Clock
    from para_server.webhooks.outbox import Outbox
    from para_server.webhooks.share import Share

__all__ = ["Dispatcher", "Target"]

logger = logging.getLogger(__name__)

_MOST_PROVEN = 10_000  # hooks that are remembered to work
_FIRST_GOOD, _LAST_GOOD = 190, 210  # statuses that mean success: at most ten away from 200
_MOST_COPIES = 100
_SWEEP_SEC = 3600.0
_TROUBLE_SEC = 1.0
_IDLE_MS = 5000  # how long a lane stays when it has nothing to send
_LAST_SEC = 5.0  # for requests that are under way when the server stops


class Target(NamedTuple):
    """Where a hook's deliveries go at the moment."""

    url: str
    secret: str
    url_encoded: bool
    copies: int


Find = Callable[[str, str], Awaitable["Target | bool"]]
"""Returns the target of hook ``(appid, id)``; ``True`` when it is off, ``False`` when gone."""

TurnOff = Callable[[str, str], Awaitable[None]]
"""Turns a hook off that failed too often."""


class Dispatcher(Component):
    """Empties the outbox; open it in one process at a time."""

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        outbox: Outbox,
        outbound: OutboundClient,
        find: Find,
        turn_off: TurnOff,
        *,
        clock: Clock,
        most_failures: int,
        share: Share,
        rooms: Rooms,
    ) -> None:
        """Empty the outbox of a share, as long as this process has it."""
        self._share, self._rooms = share, rooms
        self._outbox, self._outbound, self._find, self._turn_off = outbox, outbound, find, turn_off
        self._clock, self._most_failures = clock, max(most_failures, 1)
        self._lanes: dict[str, Lane] = {}
        self._bells: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._proven = BoundedDict[str, None](_MOST_PROVEN)  # lanes whose hook took the last one
        self._sweeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Go on with what waits."""
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep(), name="webhooks: sweep")

    async def close(self, *, wait_sec: float = _LAST_SEC) -> None:
        """Begin nothing more; a request under way has some seconds, else it is sent again."""
        tasks = [*self._tasks.values()]
        if self._sweeper is not None:
            tasks.append(self._sweeper)
            self._sweeper = None
        await _cancelled(tasks)
        if self._sending:
            await asyncio.wait(self._sending, timeout=wait_sec)
        await _cancelled(self._sending)
        for kept in (self._lanes, self._bells, self._tasks):
            kept.clear()

    def offer(self, deliveries: Iterable[Delivery]) -> None:
        """Take deliveries that were just stored, in their order."""
        for delivery in deliveries:
            lane = self._lanes.get(delivery.lane)
            if lane is None:
                self._begin(delivery)
            else:
                lane.add(delivery)
                self._ring(lane)

    async def load(self) -> None:
        """Look for everything that waits in the database."""
        await self._outbox.flush()
        async for first in self._outbox.lanes():
            lane = self._lanes.get(first.lane)
            if lane is None:
                self._begin(first)
            else:
                lane.expect_more()
                self._ring(lane)

    def wake(self, appid: str, hook: str) -> None:
        """Say that a hook was changed: it may be on again, elsewhere, or gone."""
        key = lane_of(appid, hook)
        lane = self._lanes.get(key)
        if lane is not None:
            lane.is_changed = True
            self._ring(lane)
        elif self._sweeper is not None and key not in self._tasks:
            self._start(Lane(key, appid, hook, has_more=True))

    # ---- lanes --------------------------------------------------------------------------------

    def _begin(self, first: Delivery) -> None:
        self._start(Lane(first.lane, first.appid, first.hook, has_more=True))

    def _start(self, lane: Lane) -> None:
        self._lanes[lane.key] = lane
        self._bells[lane.key] = asyncio.Event()
        task = asyncio.create_task(self._serve(lane), name="webhooks: lane")
        self._tasks[lane.key] = task

    def _ring(self, lane: Lane) -> None:
        self._bells[lane.key].set()

    def _end(self, lane: Lane) -> None:
        for kept in (self._lanes, self._bells, self._tasks):
            kept.pop(lane.key, None)

    async def _serve(self, lane: Lane) -> None:
        """Send what a lane has, until it has nothing more."""
        while True:
            lane.is_changed = False
            try:
                if await self._prepare(lane):
                    await self._send_all(lane)
            except ParaError as error:
                logger.warning("a webhook waits: %s", error, extra=_names(lane))
                await asyncio.sleep(_TROUBLE_SEC)
                continue
            except Exception:  # whatever it is: what waits must be sent
                logger.exception("a webhook waits", extra=_names(lane))
                await asyncio.sleep(_TROUBLE_SEC)
                continue
            if lane.under_way:
                self._bells[lane.key].clear()
                await self._wait(lane, 0)
            elif not lane.is_changed:
                self._end(lane)
                return

    async def _prepare(self, lane: Lane) -> bool:
        """Read what is known of a hook; return whether it is there and on."""
        found = not lane.hook or await self._find(lane.appid, lane.hook)
        if found is False:
            await self._outbox.drop_lane(lane.key)
            return False
        if found is True and lane.hook:
            await self._expire(lane)
            return False
        lane.state = await self._outbox.state(lane.key)
        lane.logged = [logged.delivery.seq for logged in await self._outbox.log(lane.key)]
        return True

    async def _expire(self, lane: Lane) -> None:
        """Give up what waited for a day because its hook is off."""
        now = self._clock()
        lane.logged = [logged.delivery.seq for logged in await self._outbox.log(lane.key)]
        for delivery in await self._outbox.waiting(lane.key):
            if delivery.at + DAY_MS < now:
                self._log(lane, Logged(delivery=delivery, delivered=False, error="turned off"))

    async def _send_all(self, lane: Lane) -> None:
        """Send until nothing waits, or the hook is off or gone."""
        while not lane.is_done or await self._has_more(lane):
            self._bells[lane.key].clear()
            if lane.has_more and not lane.is_full:
                await self._fill(lane)
            delivery, look_again = lane.next(self._clock())
            if delivery is None:
                if not lane.is_done:
                    await self._wait(lane, look_again)
                continue
            target = await self._target(lane, delivery)
            if target is None:
                return
            await self._outbox.has_room()
            lane.begin(delivery, self._clock())
            task = asyncio.create_task(self._attempt(lane, delivery, target))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _has_more(self, lane: Lane) -> bool:
        """Wait a while for more, so that a hook is not looked up for each of its events."""
        if lane.is_changed:
            return False
        self._bells[lane.key].clear()
        await self._wait(lane, self._clock() + _IDLE_MS)
        return not lane.is_done

    async def _target(self, lane: Lane, delivery: Delivery) -> Target | None:
        """Return where a delivery goes; ``None`` when its lane has to end."""
        if delivery.target:
            return Target(delivery.target, "", delivery.url_encoded, 1)
        found = await self._find(lane.appid, lane.hook)
        if isinstance(found, Target):
            return found
        lane.waiting.clear()
        lane.bytes, lane.has_more, lane.last = 0, False, delivery.seq - 1
        if found is False:
            await self._outbox.drop_lane(lane.key)
        return None

    async def _fill(self, lane: Lane) -> None:
        skipped = lane.skipped
        lane.fill(await self._outbox.waiting(lane.key, after=lane.last), skipped)

    async def _wait(self, lane: Lane, until: int) -> None:
        """Wait until a moment, or until something happens to the lane."""
        seconds = max(until - self._clock(), 1) / 1000 if until else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._bells[lane.key].wait()

    # ---- one attempt --------------------------------------------------------------------------

    async def _attempt(self, lane: Lane, delivery: Delivery, target: Target) -> None:
        room = self._rooms.working if lane.key in self._proven else self._rooms.others
        try:
            sent = [self._post(room, delivery, target) for _ in range(target.copies)]
            best = min(await asyncio.gather(*sent), key=lambda outcome: not outcome.is_good)
            await self._settle(lane, delivery, best)
        except Exception:  # a mistake of ours: it is tried again as if the receiver had failed
            logger.exception("a webhook was not sent", extra=_names(lane))
            lane.fail(delivery, self._clock())
        bell = self._bells.get(lane.key)
        if bell is not None:
            bell.set()

    async def _post(self, room: Room, delivery: Delivery, target: Target) -> _Outcome:
        signed = delivery.signature if delivery.target else signature(target.secret, delivery.body)
        headers = headers_of(delivery.event, delivery.id, signed, url_encoded=target.url_encoded)
        body = posted(delivery.body, url_encoded=target.url_encoded)
        while True:
            await self._share.held()  # else another process may be sending it
            async with room.entered(receiver_of(target.url)):
                outcome = await self._sent(target.url, headers, body)
            if outcome.status or self._share.is_held():
                return outcome

    async def _sent(self, url: str, headers: Mapping[str, str], body: bytes) -> _Outcome:
        began = time.monotonic()
        try:
            reply = await self._outbound.send(
                "POST", url, headers=headers, body=body, may_send=self._share.is_held
            )
        except ParaError as error:
            return _Outcome(0, str(error), _ms_since(began))
        is_good = _FIRST_GOOD <= reply.status <= _LAST_GOOD
        said = "" if is_good else f"it answered {reply.status}"
        return _Outcome(reply.status, said, _ms_since(began))

    async def _settle(self, lane: Lane, delivery: Delivery, outcome: _Outcome) -> None:
        now = self._clock()
        logged = Logged(
            delivery=delivery,
            delivered=outcome.is_good,
            status=outcome.status,
            error=outcome.error,
            done=now,
            took_ms=outcome.took_ms,
        )
        if outcome.is_good:
            delivery.attempts += 1
            lane.remove(delivery)
            self._log(lane, logged)
            self._proven.remember(lane.key, None)
            if lane.succeed():
                self._outbox.keep_state(lane.key, lane.state)
            return
        self._proven.pop(lane.key, None)
        counts = lane.fail(delivery, now)
        if delivery.not_before > delivery.at + DAY_MS:
            lane.remove(delivery)
            self._log(lane, logged)
        else:
            delivery.status, delivery.error = outcome.status, outcome.error
            self._outbox.postpone(delivery)
        if counts and lane.hook:
            await self._count(lane)

    async def _count(self, lane: Lane) -> None:
        """Write down that a hook failed once more, and turn it off when that is too often."""
        if lane.state.failures < self._most_failures:
            self._outbox.keep_state(lane.key, lane.state)
            return
        lane.state = LaneState()
        self._outbox.keep_state(lane.key, lane.state)
        try:
            await self._turn_off(lane.appid, lane.hook)
        except ParaError as error:
            logger.warning("a webhook cannot be turned off: %s", error, extra=_names(lane))
            return
        message = "Webhook %s was disabled - a maximum of %d failed deliveries was reached."
        logger.info(message, lane.hook, self._most_failures, extra=_names(lane))

    def _log(self, lane: Lane, logged: Logged) -> None:
        self._outbox.finish(logged)
        lane.logged.append(logged.delivery.seq)
        if len(lane.logged) > LOGGED:
            old, lane.logged = lane.logged[:-LOGGED], lane.logged[-LOGGED:]
            self._outbox.forget_logged(lane.key, old)

    async def _sweep(self) -> None:
        """Begin with every lane now, and look at all now and then: hooks may have gone."""
        while True:
            try:
                await self.load()
            except ParaError as error:
                logger.warning("webhooks wait: %s", error)
                await asyncio.sleep(_TROUBLE_SEC)
                continue
            except Exception:  # whatever it is: what waits must be sent
                logger.exception("webhooks wait")
                await asyncio.sleep(_TROUBLE_SEC)
                continue
            await asyncio.sleep(_SWEEP_SEC)


class _Outcome(NamedTuple):
    status: int
    error: str
    took_ms: int

    @property
    def is_good(self) -> bool:
        return not self.error


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    doomed = list(tasks)
    for task in doomed:
        task.cancel()
    await asyncio.gather(*doomed, return_exceptions=True)


def _ms_since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def copies_of(wanted: int) -> int:
    """Return how many copies of each delivery a hook gets at once."""
    return min(max(abs(wanted), 1), _MOST_COPIES)


def _names(lane: Lane) -> dict[str, str]:
    return {"appid": lane.appid, "webhook": lane.hook}
