"""Keeps the connections to Redis, and brings order when they were lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from itertools import groupby, islice

from para_cache_redis.address import Address
from para_cache_redis.errors import FAILURES, as_away, as_start_error
from para_cache_redis.listener import Listener
from para_cache_redis.names import Names, change_text, new_token
from para_cache_redis.near import Near
from para_cache_redis.news import EVERYTHING, below_of_removal, news_of_app, news_of_records
from para_cache_redis.scripts import BEAT, BUMP, CLEAR, REMOVE
from para_cache_redis.session import Session, hang_up, shake_hands
from para_cache_redis.settings import RedisSettings
from para_cache_redis.undelivered import Undelivered
from para_core.errors import UnavailableError

__all__ = ["MARKER_SEC", "Keeper", "remove_records"]

logger = logging.getLogger(__name__)

MARKER_SEC = 60  # longer than any read of the database may take
_BEATS = 4  # within a lease
_CHUNK = 500  # evictions that are delivered at once
_DOUBT_SEC = 5.0  # for which writes that began with a server that is gone may still come


class Keeper:
    """Connects again whenever that is needed, in the background; see ``session``.

    While there is no session, nobody here reads from Redis, and what should be evicted is kept in
    ``undelivered``. A new session is shown to nobody before all of that has arrived. Another run of
    the server (a restart, a replica that took over) has another epoch, so nothing of before counts.
    """

    def __init__(
        self,
        settings: RedisSettings,
        address: Address,
        names: Names,
        near: Near,
        *,
        clock: Callable[[], float],
    ) -> None:
        self.session: Session | None = None
        self.undelivered = Undelivered()
        self.node = uuid.uuid4().hex
        self._settings, self._address, self._names, self._near = settings, address, names, near
        self._clock = clock
        self._timeout_sec = settings.timeout_ms / 1000
        self.epoch = b""  # the token that was seen last
        self._doubtful_until = float("-inf")
        self._was_away = False
        self._ended = asyncio.Event()
        self._made: tuple[Session, Listener] | None = None
        self._stack = AsyncExitStack()  # what has to be closed before the next connection
        self._task: asyncio.Task[None] | None = None

    @property
    def has_doubts(self) -> bool:
        """Whether writes may still arrive that were overtaken before the epoch changed."""
        return self._clock() < self._doubtful_until

    async def open(self) -> None:
        """Connect; a server that is away is waited for in the background.

        Raises:
            ConfigError: It refuses the login or the certificate is wrong.
        """
        if self._task is not None:
            return
        try:
            self.session, _ = await self._connect()
        except (*FAILURES, UnavailableError) as error:
            await self._hang_up()
            wrong = as_start_error(error, self._address.place)
            if wrong is not None:
                raise wrong from error
            self._say_away(as_away(error, self._address.place))
        except BaseException:
            await self._hang_up()
            raise
        self._task = asyncio.create_task(self._keep(), name="redis: keep")

    async def close(self) -> None:
        """Leave; what could not be delivered is left to the other nodes, who miss this one."""
        task, self._task = self._task, None
        if task is None:
            return
        session = self.session
        if session is not None and not self.undelivered:
            with contextlib.suppress(UnavailableError):
                await session.ask("ZREM", self._names.nodes, self.node)
        task.cancel()
        await asyncio.wait([task])
        await self._hang_up()

    # ---- connecting ---------------------------------------------------------------------------

    async def _keep(self) -> None:
        pause = self._settings.retry_ms / 1000
        while True:
            began = self._clock()
            try:
                await self._use(*(self._made or await self._connect()))
            except (*FAILURES, UnavailableError) as error:
                self._say_away(as_away(error, self._address.place))
            finally:
                await self._hang_up()
            if self._clock() - began < pause:
                await asyncio.sleep(pause)

    async def _use(self, session: Session, listener: Listener) -> None:
        """Show the session, and tell the other nodes of this one, until something breaks.

        Raises:
            UnavailableError: What broke.
        """
        while self.undelivered:
            await self._deliver(session)
        self.session = session
        self._say_back()
        while not self._ended.is_set():
            if await self._beat(session):
                logger.warning("a node was lost, all that is cached is dropped")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.lease_ms / 1000 / _BEATS):
                    await self._ended.wait()
        raise session.error or listener.error or UnavailableError("the connection has ended")

    async def _connect(self) -> tuple[Session, Listener]:
        """Make both connections, and make sure that nothing can be read that is no longer true.

        ``_hang_up`` closes what was made, also after a failure.
        """
        self._ended.clear()
        place = self._address.place
        connection, hearing = (self._address.connection(self._timeout_sec) for _ in range(2))
        self._stack.push_async_callback(hang_up, connection)
        self._stack.push_async_callback(hang_up, hearing)
        listener = Listener(
            hearing,
            self._near,
            place=place,
            channel=self._names.news,
            stale_sec=self._settings.stale_ms / 1000,
            clock=self._clock,
            ended=self._ended,
        )
        self._stack.push_async_callback(listener.close)
        async with asyncio.timeout(self._timeout_sec):
            run = await shake_hands(connection)
        session = Session(
            connection, place=place, run=run, timeout_sec=self._timeout_sec, ended=self._ended
        )
        self._stack.push_async_callback(session.close)
        await self._begin(session)
        if self._settings.near_entries:  # after the news of a new epoch, which would drop all
            async with asyncio.timeout(self._timeout_sec):
                await listener.open()
        self._made = session, listener
        return self._made

    async def _begin(self, session: Session) -> None:
        token = await session.run_script(
            BUMP, [self._names.epoch], self.new_epoch(session), self._names.news, EVERYTHING, 1
        )
        self.note_epoch(token)
        if self.undelivered:
            logger.info("evictions are delivered", extra={"count": len(self.undelivered)})
        while self.undelivered:
            await self._deliver(session)

    async def _hang_up(self) -> None:
        self.session = self._made = None
        await self._stack.aclose()

    def new_epoch(self, session: Session) -> bytes:
        """Return what makes everything that is stored now worthless."""
        return session.run + new_token()

    def note_epoch(self, token: bytes) -> None:
        """Learn which epoch it is, if there is one; with another one, markers may have gone."""
        if token and token != self.epoch:
            if self.epoch:
                self._doubtful_until = self._clock() + _DOUBT_SEC
            self.epoch = token

    def _beat(self, session: Session) -> asyncio.Future[int]:
        return session.run_script(
            BEAT,
            [self._names.nodes, self._names.epoch],
            self.node,
            self._settings.lease_ms,
            self.new_epoch(session),
            self._names.news,
            EVERYTHING,
        )

    # ---- what has to arrive -------------------------------------------------------------------

    async def _deliver(self, session: Session) -> None:
        """Deliver some of it; what does not arrive is put back."""
        left, names = self.undelivered, self._names
        if left.everything:
            left.everything = False
            await session.run_script(
                BUMP,
                [names.epoch],
                self.new_epoch(session),
                names.news,
                EVERYTHING,
                0,
                lost=left.add_everything,
            )
        elif left.apps:
            appid, _ = left.apps.popitem()
            await clear_app(session, names, appid, left)
        elif left.values:
            (appid, name), _ = left.values.popitem()
            await session.ask(
                "DEL", names.value(appid, name), lost=lambda: left.add_value(appid, name)
            )
        else:
            slots = sorted(islice(left.records, _CHUNK))
            asked = []
            for appid, group in groupby(slots, key=lambda slot: slot[0]):
                changes = [(key, left.records.pop((appid, key))) for _, key in group]
                asked.append(remove_records(session, names, appid, changes, left))
            await asyncio.gather(*asked)

    # ---- telling ------------------------------------------------------------------------------

    def _say_away(self, error: UnavailableError | None) -> None:
        if not self._was_away:
            self._was_away = True
            logger.warning("the cache is away, objects come from the database: %s", error)

    def _say_back(self) -> None:
        if self._was_away:
            self._was_away = False
            logger.info("the cache is back: %s", self._address.place)


def remove_records(
    session: Session,
    names: Names,
    appid: str,
    changes: Iterable[tuple[str, int]],
    undelivered: Undelivered,
) -> asyncio.Future[int]:
    """Evict records for all nodes; what does not arrive is remembered."""
    known = list(changes)
    keys = [names.generation(appid)]
    for key, _ in known:
        keys += (names.record(appid, key), names.marker(appid, key))
    return session.run_script(
        REMOVE,
        keys,
        new_token(),
        MARKER_SEC * 1000,
        names.news,
        news_of_records(appid, [(key, below_of_removal(change)) for key, change in known]),
        *(change_text(change) if change > 0 else b"" for _, change in known),
        lost=lambda: undelivered.add_records(appid, known),
    )


def clear_app(
    session: Session, names: Names, appid: str, undelivered: Undelivered
) -> asyncio.Future[int]:
    """Forget an app for all nodes; what does not arrive is remembered."""
    return session.run_script(
        CLEAR,
        [names.generation(appid)],
        names.news,
        news_of_app(appid),
        lost=lambda: undelivered.add_app(appid),
    )
