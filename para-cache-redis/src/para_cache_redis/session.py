"""One connection to Redis, with many requests under way at a time."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from redis.asyncio.connection import Connection
from redis.exceptions import NoScriptError, ReadOnlyError, ResponseError

from para_cache_redis.errors import FAILURES, as_away
from para_cache_redis.names import RUN_BYTES
from para_cache_redis.scripts import ALL, Script
from para_core.errors import UnavailableError

__all__ = ["Answer", "Lost", "Session", "Word", "hang_up", "read_facts", "shake_hands"]

Word: TypeAlias = bytes | str | int
Answer: TypeAlias = Any  # of the driver: bytes, int, None, or a list of these
Lost = Callable[[], None]
"""Called when it is not known whether a request was carried out."""


class _Request:
    """One command and who waits for its answer."""

    __slots__ = ("deadline", "future", "lost", "words")

    def __init__(
        self,
        words: tuple[Any, ...],
        future: asyncio.Future[Answer],
        deadline: float,
        lost: Lost | None,
    ) -> None:
        self.words, self.future, self.deadline, self.lost = words, future, deadline, lost


class Session:
    """Sends what is asked in one go for each turn of the event loop, and hands out the answers.

    Redis carries requests out in the order in which they were asked. The first request that is not
    answered in time ends the session for all: whatever comes after it would be late too. Then each
    request that is without an answer fails, and ``lost`` is called for those that have it, also
    when nobody waits for them any more.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        place: str,
        run: bytes,
        timeout_sec: float,
        ended: asyncio.Event,
    ) -> None:
        """Use a connection after ``shake_hands``.

        Args:
            connection: Nobody else uses it.
            place: What it leads to, as it is shown.
            run: What ``shake_hands`` returned.
            timeout_sec: Longest wait for an answer.
            ended: Set when it cannot be used any more.
        """
        self.run = run
        self._ended = ended
        self._connection, self._place, self._timeout_sec = connection, place, timeout_sec
        self._loop = asyncio.get_running_loop()
        self._unsent: list[_Request] = []
        self._sent: deque[_Request] = deque()
        self._work = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._error: UnavailableError | None = None
        self._tasks = [
            asyncio.create_task(self._send(), name="redis: send"),
            asyncio.create_task(self._receive(), name="redis: receive"),
        ]

    @property
    def error(self) -> UnavailableError | None:
        """Why it has ended; ``None`` while it can be used."""
        return self._error

    def ask(self, *words: Word, lost: Lost | None = None) -> asyncio.Future[Answer]:
        """Send a command; the answer is bytes, a number, ``None`` or a list of these.

        Raises:
            UnavailableError: From the future, when the session ends before the answer.
        """
        future: asyncio.Future[Answer] = self._loop.create_future()
        request = _Request(words, future, self._loop.time() + self._timeout_sec, lost)
        if self._error is not None:
            _fail(request, self._error)
            return future
        self._unsent.append(request)
        self._work.set()
        if self._timer is None:
            self._timer = self._loop.call_at(request.deadline, self._look)
        return future

    def run_script(
        self, script: Script, keys: list[bytes], *arguments: Word, lost: Lost | None = None
    ) -> asyncio.Future[Answer]:
        """Run a script that ``shake_hands`` has loaded. See ``ask``."""
        return self.ask("EVALSHA", script.sha, len(keys), *keys, *arguments, lost=lost)

    async def close(self) -> None:
        """End it; requests without an answer fail. The connection stays to be closed."""
        self._end(UnavailableError(f"the connection to {self._place} was closed"))
        await asyncio.wait(self._tasks)

    async def _send(self) -> None:
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                batch, self._unsent = self._unsent, []
                self._sent.extend(batch)
                pack = self._connection.pack_command
                parts = [part for request in batch for part in pack(*request.words)]
                await self._connection.send_packed_command(parts, check_health=False)
        except FAILURES as error:
            self._end(as_away(error, self._place))

    async def _receive(self) -> None:
        read = self._connection.read_response
        try:
            while True:
                try:
                    answer = await read(disable_decoding=True, timeout=math.inf)
                except ResponseError as error:
                    self._take_refusal(self._sent.popleft(), error)
                    continue
                future = self._sent.popleft().future
                if not future.done():
                    future.set_result(answer)
        except FAILURES as error:
            self._end(as_away(error, self._place))

    def _take_refusal(self, request: _Request, error: ResponseError) -> None:
        """Fail one request; where a write was refused, no other will do better."""
        away = as_away(error, self._place)
        away.__cause__ = error
        _fail(request, away)
        if request.lost is not None or isinstance(error, NoScriptError | ReadOnlyError):
            self._end(away)

    def _look(self) -> None:
        """End the session when the oldest request was not answered in time."""
        self._timer = None
        oldest = self._sent[0] if self._sent else self._unsent[0] if self._unsent else None
        if oldest is None:
            return
        if oldest.deadline <= self._loop.time():
            self._end(as_away(TimeoutError(), self._place))
        else:
            self._timer = self._loop.call_at(oldest.deadline, self._look)

    def _end(self, error: UnavailableError) -> None:
        if self._error is not None:
            return
        self._error = error
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        requests = [*self._sent, *self._unsent]
        self._sent.clear()
        self._unsent.clear()
        for request in requests:
            _fail(request, error)
        self._ended.set()


def _fail(request: _Request, error: UnavailableError) -> None:
    if request.lost is not None:
        request.lost()
    if not request.future.done():
        request.future.set_exception(error)
        request.future.exception()  # nobody may be waiting for it


async def shake_hands(connection: Connection) -> bytes:
    """Connect, log in and load the scripts; return the id of this run of the server.

    Raises:
        RedisError, OSError: It could not be done.
    """
    await connection.connect()  # type: ignore[no-untyped-call]
    run = (await read_facts(connection, "server")).get("run_id", "")
    for script in ALL:
        await connection.send_command("SCRIPT", "LOAD", script.text)
        await connection.read_response(disable_decoding=True)
    return run.encode().ljust(RUN_BYTES)[:RUN_BYTES]


async def read_facts(connection: Connection, section: str) -> dict[str, str]:
    """Return what the server tells of itself in a section of ``INFO``."""
    await connection.send_command("INFO", section)
    told = bytes(await connection.read_response(disable_decoding=True)).decode()
    pairs = (line.partition(":") for line in told.splitlines())
    return {name: value for name, colon, value in pairs if colon}


async def hang_up(connection: Connection) -> None:
    """Close a connection, whatever state it is in."""
    with contextlib.suppress(*FAILURES):
        await connection.disconnect()
