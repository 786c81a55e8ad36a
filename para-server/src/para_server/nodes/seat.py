"""The number of a node, which no other one has: ids are made of it.

A node renews its record in the database as long as it lives. Another one may have the number when
the record has stood still for the time of a lease before that node's own eyes; a node that could
not renew for so long stops making ids some time before that, by its own clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from para_core.contracts.component import Component
from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.errors import ConfigError, ConflictError, ParaError
from para_core.tasks import cancelled
from para_server.nodes.clock import Stillness, elapsed_sec

__all__ = ["ROOM", "NodeSeat", "Sitting", "node_key"]

logger = logging.getLogger(__name__)

ROOM = "_nodes"
_LOOK_SEC = 0.25
_FORGET_EVERY = 500  # writes: nobody follows the room's feed
_SPARE = 0.2  # of a lease: a node stops so much before others may take over


class Sitting(Struct, omit_defaults=True):
    """Who has a number. ``session`` is empty when nobody has."""

    session: str = ""
    host: str = ""
    pid: int = 0
    at: float = 0  # the time of day there, to find clocks that are wrong; nothing relies on it
    bounds: list[int] = []  # para.nodes.stale_ms, lease_sec and feed_sec; all nodes need the same


def node_key(number: int) -> str:
    """Return the id of the record of a node."""
    return f"node/{number:04d}"


class NodeSeat(Component):
    """Has the number of this node, from the opening to the close."""

    def __init__(
        self,
        dao: DAO,
        number: int,
        *,
        lease_sec: float,
        bounds: Sequence[int] = (),
        clock: Callable[[], float] = elapsed_sec,
    ) -> None:
        """Prepare to take a number.

        Args:
            dao: The database.
            number: ``para.worker_id``.
            lease_sec: How long a record stands still before others may take over.
            bounds: What others are told of the settings here.
            clock: Tells seconds, and goes on while the process is stopped.
        """
        self._dao, self.number, self._lease_sec, self._clock = dao, number, lease_sec, clock
        self._bounds = list(bounds)
        self._key, self.session = node_key(number), secrets.token_hex(8)
        self._change, self._valid_until = 0, float("-inf")
        self._is_lost, self._writes = False, 0
        self._task: asyncio.Task[None] | None = None
        self.on_lost: Callable[[], None] = lambda: None
        """Told when another node has the number: this one must stop."""

    def is_held(self) -> bool:
        """Return whether no other node can have the number at the moment."""
        return self._clock() < self._valid_until

    async def open(self) -> None:
        """Take the number, when whoever had it has stopped or stood still for long enough.

        Raises:
            ConfigError: Another node has it.
        """
        await self.take()
        self._task = asyncio.create_task(self._run(), name="nodes: seat")

    async def close(self) -> None:
        """Let another node have the number."""
        task, self._task = self._task, None
        self._valid_until = float("-inf")
        if task is None:
            return
        try:
            await cancelled(task)
        finally:  # whoever closes it may have been cancelled
            if not self._is_lost:
                await self._leave()

    async def _leave(self) -> None:
        try:
            await self._write(Sitting())
        except ParaError as error:
            logger.warning("others wait until the number of this node is free: %s", error)

    async def take(self) -> None:
        """Take the number; see ``open``, which goes on to renew it."""
        self._is_lost = False
        stillness, first, is_told = Stillness(self._clock), None, False
        while True:
            began = self._clock()
            record = await self._dao.read(ROOM, self._key)
            held = Sitting() if record is None else msgspec.json.decode(record.data, type=Sitting)
            change = 0 if record is None else record.change
            first = change if first is None else first
            if change != first and held.session:
                raise ConfigError(
                    f"para.worker_id {self.number} is that of another node, process {held.pid} on "
                    f"{held.host}; give each node a number of its own"
                )
            still_sec = stillness.of(self._key, change, began)
            if not held.session or still_sec >= self._lease_sec:
                self._change = change
                with contextlib.suppress(ConflictError):
                    await self._write(self._mine())
                    return
                continue
            if still_sec > self._lease_sec / 2 and not is_told:
                is_told = True
                logger.info(
                    "waiting for the number of this node, which whoever had it did not give back",
                    extra={"node": self.number, "host": held.host},
                )
            await asyncio.sleep(_LOOK_SEC)

    def _mine(self) -> Sitting:
        here, pid = socket.gethostname(), os.getpid()
        return Sitting(self.session, here, pid, time.time(), self._bounds)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._lease_sec / 4)
            try:
                await self.renew()
            except ParaError as error:
                logger.warning("the number of this node is not renewed: %s", error)
            except Exception:  # whatever it is: without a number no ids are made
                logger.exception("the number of this node is not renewed")

    async def renew(self) -> None:
        """Keep the number; waits for ever when another node has it."""
        try:
            await self._write(self._mine())
        except ConflictError:
            record = await self._dao.read(ROOM, self._key)
            if record is not None and self.session.encode() in record.data:
                self._change = record.change  # the answer of an earlier write was lost
                return
            self._valid_until, self._is_lost = float("-inf"), True
            self.on_lost()
            await asyncio.Event().wait()  # until it is closed

    async def _write(self, sitting: Sitting) -> None:
        began = self._clock()
        record = Record(self._key, "node", msgspec.json.encode(sitting))
        self._change = await self._dao.write(ROOM, Write("nodes", [Put(record, self._change)]))
        if sitting.session:
            self._valid_until = began + self._lease_sec * (1 - _SPARE)
        self._writes += 1
        if self._writes % _FORGET_EVERY == 0:
            await self._dao.forget_changes(ROOM, self._change)
