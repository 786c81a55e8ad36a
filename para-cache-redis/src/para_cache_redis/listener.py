"""The second connection to Redis: on it, nodes hear what others have changed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from redis.asyncio.connection import Connection

from para_cache_redis.errors import FAILURES, as_away
from para_cache_redis.near import Near
from para_cache_redis.news import take_news
from para_core.errors import UnavailableError

__all__ = ["Listener"]

_PINGS = 4  # within the time for which what is near is trusted


class Listener:
    """Feeds the memory of this process with news, and tells it how long to trust them.

    Redis answers a ping after all news it had sent before. So whoever hears the answer knows all
    that had changed when the ping was sent, and trusts what is near for ``stale_sec`` from then.
    """

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        connection: Connection,
        near: Near,
        *,
        place: str,
        channel: bytes,
        stale_sec: float,
        clock: Callable[[], float],
        ended: asyncio.Event,
    ) -> None:
        """Get ready to listen on a connection; ``ended`` is set when that is over."""
        self._ended = ended
        self.error: UnavailableError | None = None
        self._connection = connection
        self._near, self._place, self._channel = near, place, channel
        self._stale_sec, self._clock = stale_sec, clock
        self._pinged: float | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Connect and subscribe.

        Raises:
            RedisError, OSError: It could not be done.
        """
        await self._connection.connect()  # type: ignore[no-untyped-call]
        await self._connection.send_command("SUBSCRIBE", self._channel)
        await self._connection.read_response(disable_decoding=True)
        self._tasks = [
            asyncio.create_task(self._hear(), name="redis: hear"),
            asyncio.create_task(self._ping(), name="redis: ping"),
        ]

    async def close(self) -> None:
        """Stop listening; what is near is no longer trusted. The connection stays to be closed."""
        self._near.distrust()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _hear(self) -> None:
        read = self._connection.read_response
        try:
            while True:
                answer = await read(disable_decoding=True, timeout=math.inf)
                if answer[0] == b"message":
                    take_news(self._near, answer[2])
                elif answer[0] == b"pong" and self._pinged is not None:
                    self._near.hear_until(self._pinged + self._stale_sec)
                    self._pinged = None
        except FAILURES as error:
            self._end(as_away(error, self._place))

    async def _ping(self) -> None:
        pause = self._stale_sec / _PINGS
        try:
            while True:
                if self._pinged is None:
                    now = self._clock()
                    await self._connection.send_command("PING", check_health=False)
                    self._pinged = now
                await asyncio.sleep(pause)
        except FAILURES as error:
            self._end(as_away(error, self._place))

    def _end(self, error: UnavailableError) -> None:
        self.error = error
        self._near.distrust()
        self._ended.set()
