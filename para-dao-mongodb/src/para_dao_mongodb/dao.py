"""The DAO on MongoDB."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from para_core.contracts.dao import DAO, Change, Late, Record, Write, is_room
from para_core.contracts.snapshot import Snapshot, Table
from para_core.errors import BackendError, UnavailableError
from para_core.trips import Limits, OneToBlameError, Trips
from para_dao_mongodb.address import Address
from para_dao_mongodb.catalog import App, Catalog, last_change_of
from para_dao_mongodb.documents import record_of
from para_dao_mongodb.errors import FAILURES, as_para_error, as_start_error, is_about_one
from para_dao_mongodb.hold import Hold
from para_dao_mongodb.limits import time_limit
from para_dao_mongodb.opening import Opening
from para_dao_mongodb.settings import TIME_LIMIT
from para_dao_mongodb.snapshot import MongoView
from para_dao_mongodb.start import check_readable, missing, prepare
from para_dao_mongodb.store import Document, Store
from para_dao_mongodb.writer import Writer
from para_dao_mongodb.writes import PORTION, portions

__all__ = ["MongoDBDAO"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_HIGHEST = 2**63 - 1  # the integers of BSON


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is there between ``open`` and ``close``."""

    store: Store
    hold: Hold | None  # none when it only reads beside others
    writer: Writer
    catalog: Catalog
    trips: Trips


class MongoDBDAO(DAO):
    """Keeps all apps in one database, which many servers may use at the same time.

    Reads by id and writes that come while others are on their way share the next round trip.
    """

    def __init__(
        self,
        address: Address,
        *,
        timeout_ms: int = 5000,
        pool_size: int = 10,
        journal_dir: Path = Path("data"),
    ) -> None:
        """Prepare to use a database.

        Args:
            address: Where it is.
            timeout_ms: Longest wait for one answer.
            pool_size: Most connections to each server.
            journal_dir: Where the journal is, if the server has no transactions.
        """
        self._address, self._place = address, address.place
        self._timeout_ms, self._pool_size = timeout_ms, pool_size
        self._journal = journal_dir / f"mongodb-{address.database}.journal"
        self._group = ""  # blank: of processes of any group
        self._heard: Late = lambda *_: None
        self._opened: _Opened | None = None

    @property
    def place(self) -> str:
        """The address of the database, without a login."""
        return self._place

    def share(self, group: str) -> None:
        """Let the processes of a group use the database together, and no others meanwhile."""
        self._group = group

    def on_late(self, heard: Late) -> None:
        """Tell of writes that are stored when nobody waits for them any more."""
        self._heard = heard

    @property
    def is_shared(self) -> bool:
        """Whether the server has transactions, without which one process has the database."""
        return self._opened is None or self._opened.store.has_transactions

    @property
    def unfit_for_nodes(self) -> str:
        """Why nodes are refused: the leases of all of them are documents of one collection."""
        return "MongoDB keeps what a killed server had begun for a minute, and holds up the others"

    async def open(self) -> None:
        """Connect, as one of any number of servers; make the collections if they are missing."""
        await self._open(prepare, is_alone=False)

    async def open_alone(self) -> None:
        """Connect when no server uses the database, and keep all out until the end."""
        await self._open(prepare, is_alone=True)

    async def what_opening_changes(self) -> str:
        """Look whether the collections are there."""
        told: list[str] = []

        async def look(store: Store) -> None:
            told.append(await missing(store))

        try:
            store, *_ = await self._opening(is_alone=None).run(look)
        except FAILURES as error:
            raise as_start_error(error, self._place) from error
        await store.client.close()
        return told[0]

    async def open_beside(self) -> None:
        """Connect; nothing is made, and nobody is kept out."""
        await self._open(check_readable, is_alone=None)

    async def _open(
        self, check: Callable[[Store], Awaitable[None]], *, is_alone: bool | None
    ) -> None:
        if self._opened is not None:
            return
        try:
            store, hold, writer = await self._opening(is_alone=is_alone).run(check)
        except FAILURES as error:
            raise as_start_error(error, self._place) from error
        writer.on_late = self._tell_late
        catalog = Catalog(store)
        limits = Limits(self._place, self._pool_size, self._timeout_ms, TIME_LIMIT)
        ways = partial(self._read, catalog, writer), partial(self._store, writer)
        trips = Trips(*ways, limits, self._tell_late)
        self._opened = _Opened(store, hold, writer, catalog, trips)

    def _opening(self, *, is_alone: bool | None) -> Opening:
        return Opening(
            self._address,
            self._journal,
            self._timeout_ms,
            self._pool_size,
            is_alone=is_alone,
            group=self._group,
        )

    async def close(self) -> None:
        """Finish what was asked, and disconnect."""
        opened, self._opened = self._opened, None
        if opened is None:
            return
        try:
            async with time_limit(self._timeout_ms):
                await opened.trips.close()
                await opened.writer.close()
                if opened.hold is not None:
                    await opened.hold.end()
        except (*FAILURES, BackendError) as error:  # whoever waits has been told
            logger.warning("not closed in time", extra={"place": self._place, "error": str(error)})
        finally:
            opened.writer.drop()
            if opened.hold is not None:
                opened.hold.drop()
            await opened.store.client.close()

    async def create_table(self, appid: str, *, shared: bool = False) -> None:
        """Make room for an app, in a collection of its own or in the one that shared apps use."""
        await self._guard(self._state().writer.make(appid, shared=shared))

    async def delete_table(self, appid: str) -> None:
        """Remove all objects of an app and its feed."""
        opened = self._state()
        try:
            await self._guard(opened.writer.remove(appid))
        finally:
            opened.catalog.forget(appid)

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids, in the order of ``keys``."""
        return await self._state().trips.read_all(appid, keys)

    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        """Return the next records in ascending order of id (by UTF-8 bytes)."""
        opened = self._state()

        async def ask(app: App) -> list[Record]:
            condition: Document = {"_id": app.after(after)}
            if kind is not None:
                condition["type"] = kind
            cursor = opened.catalog.objects(app).find(condition, limit=limit, batch_size=limit)
            found = await cursor.sort("_id", 1).to_list()
            return [record_of(document, len(app.prefix)) for document in found]

        nothing: list[Record] = []
        question = partial(opened.catalog.ask, appid, ask, nothing)
        return await self._guard(opened.writer.read(appid, question))

    async def write(self, appid: str, write: Write) -> int:
        """Store a write and its entry in the feed, in one transaction or by way of the journal."""
        return await self._state().trips.write(appid, write)

    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed with numbers above ``after``."""
        store = self._state().store

        async def ask() -> list[Change]:
            entry = await store.apps.find_one({"_id": appid, "gone": False})
            if entry is None or after >= (last := last_change_of(entry)):
                return []
            condition = {"app": entry["app"], "number": {"$gt": after, "$lte": last}}
            cursor = store.changes.find(condition, limit=limit, batch_size=limit)
            found = await cursor.sort([("app", 1), ("number", 1)]).to_list()
            return [_change_of(document) for document in found]

        return await self._guard(ask())

    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change."""
        entry = await self._guard(self._state().store.apps.find_one({"_id": appid, "gone": False}))
        return 0 if entry is None else last_change_of(entry)

    async def forget_changes(self, appid: str, upto: int) -> None:
        """Drop entries of the feed with numbers up to this one."""
        store = self._state().store

        async def forget() -> None:
            entry = await store.apps.find_one({"_id": appid, "gone": False})
            if entry is not None:
                condition = {"app": entry["app"], "number": {"$lte": min(upto, _HIGHEST)}}
                await store.changes.delete_many(condition)

        await self._guard(forget())

    async def apps(self) -> list[str]:
        """Return the ids of all apps."""
        return [entry["_id"] for entry in await self._entries()]

    async def heads(self) -> dict[str, int]:
        """Return the number of the last change of each app."""
        return {entry["_id"]: last_change_of(entry) for entry in await self._entries()}

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Return all apps as they are at each question."""
        self._state()
        yield MongoView(self, self._tables)

    async def _tables(self) -> list[Table]:
        return [Table(entry["_id"], entry["shared"]) for entry in await self._entries()]

    async def _entries(self) -> list[Document]:
        """Return the entries of all apps, the oldest first."""
        cursor = self._state().store.apps.find({"gone": False}).sort("app", 1)
        return [entry for entry in await self._guard(cursor.to_list()) if not is_room(entry["_id"])]

    # ---- what goes together -------------------------------------------------------------------

    async def _read(
        self, catalog: Catalog, writer: Writer, appid: str, keys: list[str]
    ) -> dict[str, Record]:
        async def ask(app: App) -> dict[str, Record]:
            objects, start = catalog.objects(app), len(app.prefix)
            found: dict[str, Record] = {}
            for part in portions(keys):
                wanted = [app.prefix + key for key in part]
                cursor = objects.find({"_id": {"$in": wanted}}, batch_size=PORTION + 1)
                for document in await cursor.to_list():
                    record = record_of(document, start)
                    found[record.id] = record
            return found

        nothing: dict[str, Record] = {}
        question = partial(catalog.ask, appid, ask, nothing)
        return await self._guard(writer.read(appid, question))

    async def _store(
        self, writer: Writer, appid: str, writes: Sequence[Write]
    ) -> list[int | Exception]:
        try:
            return await writer.store(appid, writes)
        except FAILURES as error:
            told = as_para_error(error, self._place)
            if is_about_one(error):
                raise OneToBlameError(told) from error
            raise told from error

    def _tell_late(self, appid: str, number: int, keys: Sequence[str]) -> None:
        self._heard(appid, number, keys)

    # ---- how the server is asked ---------------------------------------------------------------

    async def _guard(self, answer: Awaitable[T]) -> T:
        try:
            async with time_limit(self._timeout_ms):
                return await answer
        except FAILURES as error:
            raise as_para_error(error, self._place) from error

    def _state(self) -> _Opened:
        if self._opened is None:
            raise UnavailableError(f"{self._place} is not open")
        return self._opened


def _change_of(document: Document) -> Change:
    note: str = document.get("note", "")
    return Change(int(document["number"]), document["event"], document["keys"], note.encode())
