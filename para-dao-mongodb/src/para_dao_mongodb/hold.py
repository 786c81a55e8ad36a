"""Who has the database: the processes of one server, or one process alone.

MongoDB frees no lock when a process ends, so each process has an entry that it renews, and an entry
that nobody has renewed for some time counts no more. That alone would let a process write that was
away for longer, so whoever is alone also puts its mark on every app: writes of others find none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from para_core.errors import ConfigError
from para_dao_mongodb.errors import FAILURES
from para_dao_mongodb.process import Process, this_process
from para_dao_mongodb.store import Document, Store

__all__ = ["Hold"]

logger = logging.getLogger(__name__)

_LEASE_SEC = 15.0
_RENEWAL_SEC = 3.0
_TRIES, _TRY_SEC = 20, 0.05  # somebody who is about to leave gets this long


class Hold:
    """The entry of one process, from ``begin`` to ``end``."""

    def __init__(self, store: Store, place: str, *, is_alone: bool, group: str = "") -> None:
        """Prepare to hold a database.

        Args:
            store: The database.
            place: Its address without password, for messages.
            is_alone: Whether nobody else may have it meanwhile.
            group: Whose processes may have it meanwhile; blank for those of anybody.
        """
        self._store, self._place, self._is_alone = store, place, is_alone
        self._group = group
        self._token = uuid.uuid4().hex
        self._renewal: asyncio.Task[None] | None = None
        self._is_over = False

    @property
    def owner(self) -> str | None:
        """The mark on apps that this process may write to."""
        return self._token if self._is_alone else None

    async def begin(self) -> None:
        """Take the database.

        Raises:
            ConfigError: Others have it.
        """
        try:
            await self._renew()
            await self._wait_for_others()
            await self._mark(self.owner)
        except BaseException:
            with contextlib.suppress(*FAILURES):
                await self._leave()
            raise
        self._renewal = asyncio.create_task(self._renew_on())

    async def end(self) -> None:
        """Let others have the database, also when whoever waits for that is cancelled."""
        if self._renewal is None:
            return
        self._stop(self._renewal)
        try:
            await asyncio.wait([self._renewal])
        finally:
            await self._leave()

    def drop(self) -> None:
        """Renew the entry no more; others have the database when its time is over."""
        if self._renewal is not None:
            self._stop(self._renewal)

    def _stop(self, renewal: asyncio.Task[None]) -> None:
        self._is_over = True  # a task that is cancelled within PyMongo 4.20 may not notice
        renewal.cancel()

    async def _wait_for_others(self) -> None:
        others = await self._others()
        for _ in range(_TRIES):
            if not others:
                return
            await asyncio.sleep(_TRY_SEC)
            others = await self._others()
        raise ConfigError(self._refusal(others))

    async def _others(self) -> list[Document]:
        """Return the entries of those who may not have the database beside this process."""
        others: Document = {"_id": {"$ne": self._token}}
        if not self._is_alone:
            of_others = [{"group": {"$nin": ["", None, self._group]}}] if self._group else []
            others["$or"] = [{"alone": True}, *of_others]
        entries = await self._store.servers.find(others).to_list()
        now = await self._now()
        return [entry for entry in entries if _is_alive(entry, now)]

    async def _mark(self, owner: str | None) -> None:
        """Make all apps those of whoever is alone, or free those of somebody who was killed."""
        for collection in (self._store.format, self._store.apps):
            await collection.update_many({"owner": {"$ne": owner}}, {"$set": {"owner": owner}})

    async def _unmark(self) -> None:
        for collection in (self._store.format, self._store.apps):
            await collection.update_many({"owner": self._token}, {"$set": {"owner": None}})

    async def _renew_on(self) -> None:
        while not self._is_over:
            await asyncio.sleep(_RENEWAL_SEC)
            try:
                await self._renew()
            except FAILURES:  # it is away, as every caller hears; the next time may be better
                continue
            except Exception:
                logger.exception(
                    "the entry of this server in the database was not renewed",
                    extra={"place": self._place},
                )

    async def _renew(self) -> None:
        process = this_process()
        entry: Document = {"alone": self._is_alone, "group": self._group}
        entry["seen"] = await self._now()
        entry |= {"machine": process.machine, "pid": process.pid, "started": process.started}
        await self._store.servers.update_one({"_id": self._token}, {"$set": entry}, upsert=True)

    async def _leave(self) -> None:
        try:
            if self._is_alone:
                await self._unmark()
        finally:
            await self._store.servers.delete_one({"_id": self._token})

    async def _now(self) -> datetime:
        """Return the time of the server, which all processes share."""
        told = await self._store.client.admin.command("hello")
        now: datetime = told["localTime"]
        return now

    def _refusal(self, others: Sequence[Document]) -> str:
        used = f"{self._place} is in use by"
        soon = f"one that was killed on another machine is forgotten after {_LEASE_SEC:.0f} seconds"
        if self._is_alone:
            return f"{used} a server; stop every server that uses it first ({soon})"
        if not any(other["alone"] for other in others):
            return f"{used} another server; stop that one first ({soon})"
        return (
            f"{used} a command that replaces what is in it (restore or move); start the server "
            "when that is done"
        )


def _is_alive(entry: Document, now: datetime) -> bool:
    if now - entry["seen"] > timedelta(seconds=_LEASE_SEC):
        return False
    return not Process(entry["machine"], entry["pid"], entry["started"]).is_known_to_be_dead()
