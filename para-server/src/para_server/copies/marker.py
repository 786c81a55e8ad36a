"""What a database holds about the copy that is made into it, until a server starts on it.

A database that is copied into is marked before its first change. A server does not start on a copy
that is not finished. On one that is, it drops the indexes and caches of all apps first, since they
belong to whatever was there before, and removes the mark.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct, field

from para_core.contracts.dao import DAO, Record
from para_core.contracts.snapshot import Snapshot
from para_core.errors import ConfigError

if TYPE_CHECKING:
    from para_core.contracts.cache import Cache
    from para_core.contracts.search import Search

__all__ = [
    "AppMark",
    "Mark",
    "Marker",
    "mark_in",
    "refuse_unfinished",
    "settle_copy",
]

logger = logging.getLogger(__name__)

T = TypeVar("T", bound=Struct)

_ROOM = "_copy"  # see ``para_core.contracts.dao.is_room``
_STATE = "state"
_APP = "app:"


class Mark(Struct, frozen=True):
    """What is copied into a database, and whether all of it has arrived."""

    command: str  # what has to be run again when it has not
    source: str  # what is copied, so that something else is not taken for the same
    run: str = field(default_factory=lambda: secrets.token_hex(8))  # tells one run from another
    is_finished: bool = False


class AppMark(Struct):
    """How far the copy of one app is."""

    parts: int = 0  # of a backup, that are stored
    position: int = 0  # the last change of the source that has arrived


class Marker:
    """Reads and writes the marks of one database."""

    def __init__(self, dao: DAO) -> None:
        self._dao = dao

    async def find(self) -> Mark | None:
        """Return the mark, if the database has one."""
        return await self._read(_STATE, Mark)

    async def put(self, mark: Mark) -> None:
        """Mark the database."""
        await self._write(_STATE, mark)

    async def app(self, appid: str) -> AppMark | None:
        """Return how far an app is; ``None`` when nothing of it was copied."""
        return await self._read(_APP + appid, AppMark)

    async def apps(self) -> list[str]:
        """Return the apps of which something was copied."""
        found: list[str] = []
        after = _APP
        while page := await self._dao.read_page(_ROOM, after=after, limit=1000):
            after = page[-1].id
            found += [r.id.removeprefix(_APP) for r in page if r.id.startswith(_APP)]
        return found

    async def put_app(self, appid: str, mark: AppMark) -> None:
        """Remember how far an app is."""
        await self._write(_APP + appid, mark)

    async def remove_app(self, appid: str) -> None:
        """Forget an app that the source no longer has."""
        await self._dao.delete(_ROOM, _APP + appid)

    async def remove(self) -> None:
        """Remove all marks."""
        await self._dao.delete_table(_ROOM)

    async def _read(self, key: str, kind: type[T]) -> T | None:
        record = await self._dao.read(_ROOM, key)
        return None if record is None else msgspec.json.decode(record.data, type=kind)

    async def _write(self, key: str, mark: Struct) -> None:
        await self._dao.create(_ROOM, Record(key, "mark", msgspec.json.encode(mark)))


async def mark_in(seen: Snapshot) -> Mark | None:
    """Return the mark that a snapshot shows, if there is one."""
    record = (await seen.read_all(_ROOM, [_STATE])).get(_STATE)
    return None if record is None else msgspec.json.decode(record.data, type=Mark)


async def refuse_unfinished(seen: Snapshot) -> None:
    """Refuse to copy a copy that is not finished.

    Raises:
        ConfigError: It is one.
    """
    if (mark := await mark_in(seen)) is not None:
        _refuse_unfinished(mark)


def _refuse_unfinished(mark: Mark) -> None:
    if not mark.is_finished:
        raise ConfigError(
            f"the database holds a copy that is not finished; run `para-server {mark.command}` "
            "again, which goes on where it stopped"
        )


async def settle_copy(dao: DAO, search: Search, cache: Cache) -> None:
    """Make a database that was copied into ready for its first use, before anything reads it.

    Raises:
        ConfigError: The copy is not finished.
    """
    marker = Marker(dao)
    mark = await marker.find()
    if mark is None:
        return
    _refuse_unfinished(mark)
    for appid in await dao.apps():
        await search.drop(appid)
        await cache.clear(appid)
    await marker.remove()
    logger.info("the database is a copy; its indexes are made anew")
