"""The DAO contract: object storage, the source of truth behind the search index and the cache."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from msgspec import Struct

from para_core.contracts.component import Component
from para_core.contracts.snapshot import LiveView, Snapshot
from para_core.errors import ConfigError, InvalidObjectError

__all__ = [
    "DAO",
    "Change",
    "Late",
    "Put",
    "Record",
    "Write",
    "is_room",
    "is_storable",
    "touched_keys",
]


class Record(Struct, frozen=True):
    """One object as it is stored, cached and indexed.

    ``data`` is the object's stored JSON (``para_core.objects.codec``): UTF-8, one JSON object, no
    white space around it. A DAO keeps it as it is or in a form of its own that gives back an equal
    JSON value; it never looks into it.
    """

    id: str
    type: str
    data: bytes
    change: int = 0  # number of the change that wrote it; 0 before it is stored


class Put(Struct, frozen=True):
    """Store one record, whole, under its id."""

    record: Record
    expect: int | None = None
    """The change the stored record must be at: 0 means absent, ``None`` that anything goes."""


class Write(Struct, frozen=True):
    """Changes of one app that are stored together or not at all.

    Ids are distinct over ``puts`` and ``deletes``. Deleting what is not there is no error.
    """

    event: str  # what listeners hear: create, update, delete, createAll, updateAll, deleteAll
    puts: Sequence[Put] = ()
    deletes: Sequence[str] = ()
    note: bytes = b""
    """What the feed tells besides: one JSON value as in ``Record.data``, or nothing."""

    def keys(self) -> list[str]:
        """The ids this write touches, puts first."""
        return [put.record.id for put in self.puts] + list(self.deletes)


Late = Callable[[str, int, Sequence[str]], None]
"""Hears of a write that is stored late: its app, the number of its change, its ids."""


def is_room(appid: str) -> bool:
    """Tell whether records under this name are the server's own, of no app: it starts with ``_``.

    The server keeps its queue and its deliveries in such rooms. No app can have such an id.
    """
    return appid.startswith("_")


def is_storable(key: str) -> bool:
    """Tell whether a text can be an id: not empty, and encodable in UTF-8 (no half surrogates)."""
    if key.isascii():
        return key != ""
    return not any("\ud800" <= char <= "\udfff" for char in key)


def touched_keys(write: Write) -> list[str]:
    """Return the ids that a write touches, puts first; every DAO asks this before it writes.

    Raises:
        InvalidObjectError: An id is empty or no valid Unicode text.
        ValueError: An id occurs twice, which only a mistake of the caller can bring about.
    """
    keys = write.keys()
    if not all(map(is_storable, keys)):
        bad = [key for key in keys if not is_storable(key)]
        raise InvalidObjectError([f"id {key!r} is empty or no valid Unicode text" for key in bad])
    if len(keys) > 1 and len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"a write touches the id {twice!r} twice")
    return keys


class Change(Struct, frozen=True):
    """One entry of the change feed: a write that was stored."""

    number: int  # grows within an app, with gaps
    event: str
    keys: list[str]
    note: bytes = b""  # equal to the JSON value of the write; empty where it had none


class DAO(Component):
    """Object storage for all apps of one process.

    One instance serves every app, so its methods may run at the same time. ``appid`` comes without
    the ``app:`` prefix; objects of other apps are out of reach of every call. Names of tables or
    collections are made from ``appid`` so that two apps never share one by accident. Ids are any
    text that is not empty and can be encoded in UTF-8 (U+0000 included), compared exactly; no
    record has any other id. Each app has a **change feed**: every write adds one entry in the same
    transaction as the objects, so what the feed tells has happened and what happened is told.
    Methods may be called before ``open`` is done or after ``close`` only by mistake, and then raise
    ``UnavailableError``.

    Every method may raise ``UnavailableError`` (not reachable, or too slow), ``StorageFullError``
    and ``BackendError``; a failed read is an error, never an absent object.
    Source: Para 1.54, ``DAO``, made atomic and given a feed.
    """

    @abstractmethod
    async def open(self) -> None:
        """Connect, and create or check what the store needs before its first use.

        Raises:
            ConfigError: The place cannot be used: wrong address, no permission, a file made by a
                newer version. The message says what to do.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish what was begun and let go of everything. Closing twice is harmless."""

    @abstractmethod
    async def create_table(self, appid: str, *, shared: bool = False) -> None:
        """Make room for an app, in a table of its own or in the one that shared apps use.

        Done again it changes nothing. Reads, writes and feeds of an app work without it too: its
        own table is then made by its first write.
        """

    @abstractmethod
    async def delete_table(self, appid: str) -> None:
        """Remove all objects of an app and its feed; a later app of that name starts empty.

        Its last change is then 0, but its numbers go on above the old ones, so that a follower
        which missed the removal cannot take new changes for old ones. An app that is not there
        stays absent.
        """

    @abstractmethod
    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records with these ids, in the order of ``keys``; absent ones are left out.

        Any number of ids; repeated ones count once. Cost: one round trip for up to some hundreds.
        """

    @abstractmethod
    async def read_page(
        self, appid: str, *, after: str = "", limit: int = 100, kind: str | None = None
    ) -> list[Record]:
        """Return the next records in ascending order of id, by code point.

        Ids of which the first 1,024 bytes in UTF-8 agree may come in any order among themselves.

        Args:
            appid: The app.
            after: The id of the last record of the page before; empty for the first page.
            limit: At most so many records, 1 or more.
            kind: Only objects of this type, compared exactly.

        Returns:
            An empty list at the end only. A record that is there during the whole walk is met
            exactly once, whatever is written meanwhile.
        """

    @abstractmethod
    async def write(self, appid: str, write: Write) -> int:
        """Store a write and its entry in the feed, in one transaction; durable when it returns.

        Returns:
            The number of the change, greater than every earlier one of this app; the records now
            carry it as ``change``. An empty write is stored nowhere and returns 0.

        Raises:
            ConflictError: A record is not at the change number that was expected; ``keys`` names
                all such records in the order of the puts. Nothing is stored.
            InvalidObjectError: An id is empty or no valid Unicode text. Nothing is stored.
            UnavailableError: As said above; if the answer was lost on its way, the write may have
                been stored, with its entry in the feed, or be stored within some seconds. For what
                is stored later than that, see ``on_late``.
        """

    @abstractmethod
    async def changes(self, appid: str, after: int, limit: int = 1000) -> list[Change]:
        """Return the entries of the feed with numbers above ``after``, in ascending order.

        When an entry is returned, all entries with lower numbers are visible too.
        """

    @abstractmethod
    async def last_change(self, appid: str) -> int:
        """Return the number of the app's last change; 0 when it never had one.

        It survives ``forget_changes``.
        """

    @abstractmethod
    async def forget_changes(self, appid: str, upto: int) -> None:
        """Drop entries of the feed with numbers up to this one; no follower needs them."""

    @abstractmethod
    async def apps(self) -> list[str]:
        """Return the ids of all apps that have a table or records; rooms are no apps.

        See ``is_room``: in all other calls a room is like an app.
        """

    # ---- what a DAO may do better --------------------------------------------------------------

    @property
    def place(self) -> str:
        """Where the store is, as people may see it, without a login; blank when it cannot tell.

        Two instances of one class with one place have one store. It is known before ``open``.
        """
        return ""

    @property
    def is_shared(self) -> bool:
        """Whether servers on several machines may have the store open at the same time.

        Then every method sees what any of them has written, as if they were one, and numbers of
        changes grow over all of them.
        """
        return False

    @property
    def unfit_for_nodes(self) -> str:
        """Why a store that ``is_shared`` is not for several nodes; blank when it is.

        Nodes have leases of seconds, so what a killed one had begun may hold up the others no
        longer than that.
        """
        return ""

    def on_late(self, heard: Late) -> None:
        """Call ``heard`` when a write is stored of which its caller was told that it failed.

        Only a DAO that goes on with writes for longer than some seconds after that has something
        to call: those who were handed every other write then know what they have missed.
        """
        del heard

    async def heads(self) -> dict[str, int]:
        """Return the number of the last change of every app that ``apps`` returns.

        Servers that share a store ask for it some times a second, so one round trip is better than
        the many of this default. What was stored before the call is in the answer.
        """
        return {appid: await self.last_change(appid) for appid in await self.apps()}

    def share(self, group: str) -> None:
        """Get ready to be opened by several processes of one server, each with its own instance.

        Called before ``open``, in each of them. Then every method sees what other processes have
        written, as if they were one; numbers of changes grow over all of them. A store that
        ``is_shared`` is told its group by every server, all nodes have the same one.

        Args:
            group: What the processes of this server have in common; ``open`` raises
                ``ConfigError`` while a process with another one has the store open, if it can tell.

        Raises:
            ConfigError: The store lives in one process.
        """
        del group
        if self.is_shared:
            return
        raise ConfigError(
            f"{type(self).__name__} lives in one process; set para.workers to 1, or para.dao to "
            "one that several may use"
        )

    async def open_alone(self) -> None:
        """Open as ``open`` does, for a process that replaces what is in the store.

        A DAO that lives in one process has it alone in any case. One that many may open keeps all
        others out until ``close``, except those that have it open beside it.

        Raises:
            ConfigError: As ``open`` does, and when another process has it open.
        """
        await self.open()

    async def what_opening_changes(self) -> str:
        """Return what ``open`` would make or change in the store, blank when nothing.

        It stands in a sentence, as in "the next start makes the tables". Who only looks asks
        before it opens. Nothing is made or changed, whoever has the store open.

        Raises:
            ParaError: As ``open`` does.
        """
        return ""

    async def open_beside(self) -> None:
        """Open for ``snapshot`` and ``close`` only, beside another process that has the store open.

        A DAO that many processes may open needs nothing else than ``open``. Nothing is created or
        changed.

        Raises:
            ConfigError: As ``open`` does, and when there is no store yet.
        """
        await self.open()

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Return all apps as they are at the moment of entering, until the exit.

        Writes go on meanwhile. A DAO that cannot do it shows a ``LiveView``.
        """
        return _live_view(self)

    # ---- the everyday verbs, made from the above --------------------------------------------

    async def read(self, appid: str, key: str) -> Record | None:
        """Return one record, or ``None`` when the app has none with this id."""
        return (await self.read_all(appid, [key])).get(key)

    async def create(self, appid: str, record: Record) -> int:
        """Store a record, replacing one of the same id; return the number of the change."""
        return await self.write(appid, Write("create", [Put(record)]))

    async def create_all(self, appid: str, records: Iterable[Record]) -> int:
        """Store records, all or none; of records with one id the last counts."""
        return await self.write(appid, Write("createAll", [Put(r) for r in _last(records)]))

    async def update(self, appid: str, record: Record, *, expect: int) -> int:
        """Replace the record that was stored by change ``expect``.

        Raises:
            ConflictError: It was changed or deleted meanwhile; nothing is stored.
        """
        return await self.write(appid, Write("update", [Put(record, expect)]))

    async def update_all(self, appid: str, records: Mapping[str, tuple[Record, int]]) -> int:
        """Replace several records, each with the change it must be at; all or none."""
        return await self.write(
            appid, Write("updateAll", [Put(*pair) for pair in records.values()])
        )

    async def delete(self, appid: str, key: str) -> int:
        """Delete the record with this id, if there is one."""
        return await self.write(appid, Write("delete", deletes=[key]))

    async def delete_all(self, appid: str, keys: Iterable[str]) -> int:
        """Delete the records with these ids, all or none of those that are there."""
        return await self.write(appid, Write("deleteAll", deletes=list(dict.fromkeys(keys))))


@asynccontextmanager
async def _live_view(dao: DAO) -> AsyncIterator[Snapshot]:
    yield LiveView(dao)


def _last(records: Iterable[Record]) -> list[Record]:
    return list({record.id: record for record in records}.values())
