"""Between workers: each asks the one that leads for what only that one does.

A message is four bytes of length and MessagePack. Questions carry a number, which comes back with
the answer, so that many can be on their way; a question with the number 0 wants no answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import struct
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

from para_core.contracts.dao import Record
from para_core.errors import BackendError, ParaError, UnavailableError
from para_core.opening import until_open
from para_core.tasks import cancelled

__all__ = ["Ask", "Leader", "LeadershipServer"]

logger = logging.getLogger(__name__)

_LENGTH = struct.Struct(">I")
_STEPS = 3  # of the event loop, from a new connection to its task
_PAUSE_SEC = 0.02  # before the leader is looked for again
_REPLACED = "the worker that writes the index has ended; try again"


class Ask(Struct):
    """A question: ``wrote``, ``catch_up``, ``rebuild``, ``index_unstored`` or ``drop``."""

    number: int
    what: str
    appid: str
    timeout_sec: float = 0.0
    records: list[Record] = []
    gone: list[str] = []


class _Told(Struct):
    number: int
    value: int = 0
    error: str = ""
    is_brief: bool = False  # whether the error is one that may pass


_encode = msgspec.msgpack.Encoder().encode
_decode_ask = msgspec.msgpack.Decoder(Ask).decode
_decode_told = msgspec.msgpack.Decoder(_Told).decode

Answer: TypeAlias = Callable[[Ask], Awaitable[int]]


def _framed(message: Struct) -> bytes:
    data = _encode(message)
    return _LENGTH.pack(len(data)) + data


async def _received(reader: asyncio.StreamReader) -> bytes | None:
    """Return the next message; ``None`` when the other side has gone."""
    try:
        (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return await reader.readexactly(size)
    except (OSError, asyncio.IncompleteReadError):
        return None


class Leader:
    """The worker that leads, as another one sees it; whoever it is at the moment."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[_Told]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()

    async def close(self) -> None:
        """Hang up."""
        reading, self._reading = self._reading, None
        if self._writer is not None:
            self._writer.close()  # not left to the task, which may not have begun
            self._writer = None
        await cancelled(reading)

    async def be_heard_of(self) -> None:
        """Let the leader know that this worker is there: it waits for it at the end."""
        if self._writer is None:
            with contextlib.suppress(OSError):
                await self._connect()

    async def tell(self, what: str, appid: str) -> bool:
        """Tell something that wants no answer; return whether there was somebody to tell."""
        try:
            writer = self._writer or await self._connect()
            writer.write(_framed(Ask(0, what, appid)))
            await writer.drain()
        except OSError:
            return False
        return True

    async def ask(
        self,
        what: str,
        appid: str,
        *,
        timeout_sec: float,
        records: Sequence[Record] = (),
        gone: Sequence[str] = (),
    ) -> int:
        """Ask something, and ask the next leader when this one ends meanwhile.

        Raises:
            TimeoutError: There was no answer in time.
            UnavailableError, BackendError: The leader says so.
        """
        async with asyncio.timeout(timeout_sec):
            while True:
                number = next(self._numbers)
                ask = Ask(number, what, appid, timeout_sec, list(records), list(gone))
                try:
                    told = await self._asked(ask)
                except OSError:
                    await asyncio.sleep(_PAUSE_SEC)
                    continue
                if told.error:
                    kind = UnavailableError if told.is_brief else BackendError
                    raise kind(told.error)
                return told.value

    async def _asked(self, ask: Ask) -> _Told:
        writer = self._writer or await self._connect()
        answer: asyncio.Future[_Told] = asyncio.get_running_loop().create_future()
        self._waiting[ask.number] = answer
        try:
            writer.write(_framed(ask))
            await writer.drain()
            return await answer
        finally:
            self._waiting.pop(ask.number, None)

    async def _connect(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None:
                opening = asyncio.open_unix_connection(self._place)
                reader, writer = await until_open(opening, _hang_up)
                self._writer = writer
                self._reading = asyncio.create_task(self._read(reader, writer), name="leader")
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (data := await _received(reader)) is not None:
                told = _decode_told(data)
                answer = self._waiting.get(told.number)
                if answer is not None and not answer.done():
                    answer.set_result(told)
        finally:
            if self._writer is writer:
                self._writer = None
            writer.close()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ConnectionResetError(_REPLACED))


def _hang_up(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    streams[1].close()


class LeadershipServer:
    """What the worker that leads answers the others."""

    def __init__(self, place: Path, answer: Answer, gone: Callable[[], None]) -> None:
        """Prepare to answer.

        Args:
            place: The socket.
            answer: Gives the value for a question, or raises.
            gone: Hears that a worker has hung up: it may have been killed.
        """
        self._place, self._answer, self._gone = place, answer, gone
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen, in the place of whoever led before."""
        self._place.unlink(missing_ok=True)
        opening = asyncio.start_unix_server(self._serve, self._place)
        self._server = await until_open(opening, asyncio.Server.close)

    async def close(self, *, wait_sec: float) -> None:
        """Answer until all have hung up, at most for a while; then stop."""
        if self._connections:
            await asyncio.wait(set(self._connections), timeout=wait_sec)
        if self._tasks:  # what was said last
            await asyncio.wait(set(self._tasks), timeout=wait_sec)
        if self._server is not None:
            self._server.close()
            self._place.unlink(missing_ok=True)
            for _ in range(_STEPS):  # so that whoever was let in just now is known
                await asyncio.sleep(0)
        for task in {*self._connections, *self._tasks}:
            task.cancel()
        if rest := {*self._connections, *self._tasks}:
            await asyncio.wait(rest)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        current = asyncio.current_task()
        assert current is not None  # noqa: S101 - the server runs this in a task
        self._connections.add(current)
        try:
            while (data := await _received(reader)) is not None:
                task = asyncio.create_task(self._reply(_decode_ask(data), writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            self._connections.discard(current)
            writer.close()
            self._gone()

    async def _reply(self, ask: Ask, writer: asyncio.StreamWriter) -> None:
        told = _Told(ask.number)
        try:
            told.value = await self._answer(ask)
        except ParaError as error:
            told.error, told.is_brief = str(error), isinstance(error, UnavailableError)
        except Exception as error:
            logger.exception("a worker asked in vain", extra={"what": ask.what})
            told.error = type(error).__name__
        if ask.number and not writer.is_closing():
            writer.write(_framed(told))
            with contextlib.suppress(OSError):
                await writer.drain()
