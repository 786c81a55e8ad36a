"""Brings all apps of one database into another, and later what changed since.

Each run takes a snapshot of the source, makes the target equal to it, and compares checksums of
what both hold. So the source may be in use; what is written after the snapshot is for the next run.
What changed is told by the feed of the source; where the feed was forgotten, by the change numbers
of the records, which a scan finds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from para_core.contracts.dao import Put, Record, Write
from para_core.errors import ParaError
from para_server.copies.checksum import Checksum, checksum_of
from para_server.copies.marker import (
    AppMark,
    Mark,
    Marker,
    mark_in,
    refuse_unfinished,
)

if TYPE_CHECKING:
    from para_core.contracts.dao import DAO
    from para_core.contracts.snapshot import Snapshot, Table

__all__ = ["MoveError", "Moved", "move"]

_PAGE = 500  # records


class MoveError(ParaError):
    """Apps cannot be moved, or did not arrive as they were."""

    code = "move"


@dataclass(slots=True)
class Moved:
    """What a run has done."""

    apps: int = 0
    objects: int = 0  # that both databases hold now
    put: int = 0
    deleted: int = 0
    repaired: list[str] = field(default_factory=list)  # apps that differed although told equal


async def move(source: DAO, target: DAO, mark: Mark, *, replaces: bool) -> Moved:
    """Make the target equal to the source as it is now.

    A run that was interrupted is simply done again.

    Args:
        source: Open, or open beside the server that uses it.
        target: Open; nobody else uses it.
        mark: What the target is marked with.
        replaces: Whether apps in the target that did not come from there are removed first.

    Raises:
        MoveError: The target holds other apps, or an app did not arrive as it was.
    """
    marker = Marker(target)
    async with source.snapshot() as seen:
        await refuse_unfinished(seen)
        tables = await seen.tables()
    if not tables:
        raise MoveError("there is nothing to move: the source holds no app")
    others = await _begin(target, marker, mark, replaces=replaces)
    moved = Moved()
    async with source.snapshot() as seen:
        if await mark_in(seen) == mark:
            await marker.remove()
            raise MoveError("source and target are the same database; nothing was changed")
        for appid in others:
            await target.delete_table(appid)
        tables = await seen.tables()
        there = {*await marker.apps(), *await target.apps()}  # an earlier run may have left some
        for appid in there - {table.appid for table in tables}:
            await target.delete_table(appid)
            await marker.remove_app(appid)
        for table in tables:
            await _AppMove(seen, target, marker, table, moved).run()
        for table in tables:
            await _verify(seen, target, marker, table, moved)
    await marker.put(replace(mark, is_finished=True))
    return moved


async def _begin(target: DAO, marker: Marker, mark: Mark, *, replaces: bool) -> list[str]:
    """Mark the target as not finished, and return the apps in it that came from elsewhere."""
    found = await marker.find()
    if found is not None and found.source == mark.source:
        await marker.put(mark)
        return []
    others = await target.apps()
    if others and not replaces:
        raise MoveError(
            f"the target holds apps that did not come from this source ({', '.join(others[:3])}); "
            "nothing was changed. Move into an empty one, or add --replace, which removes them"
        )
    await marker.remove()
    await marker.put(mark)
    return others


class _AppMove:
    """Makes one app of the target equal to what the source showed of it."""

    def __init__(
        self, seen: Snapshot, target: DAO, marker: Marker, table: Table, moved: Moved
    ) -> None:
        self._seen, self._target, self._marker = seen, target, marker
        self._table, self._appid, self._moved = table, table.appid, moved

    async def run(self) -> None:
        """Bring what is missing, and remember how far the app is."""
        self._moved.apps += 1
        position = await self._seen.last_change(self._appid)
        mark = await self._marker.app(self._appid)
        if mark is not None and mark.position == position:
            return
        if mark is None or mark.position > position:  # the source is not what it was
            await self._target.create_table(self._appid, shared=self._table.shared)
            await self.level()
        elif await self._feed_reaches(mark.position):
            async for keys in self._told(mark.position):
                await self._take(await self._seen.read_all(self._appid, keys), keys)
        else:
            await self._take_later(mark.position)
            await self._delete_absent()
        await self._forget()
        await self._marker.put_app(self._appid, AppMark(position=position))

    async def level(self) -> None:
        """Compare all records, and write those that differ."""
        async for page in _pages(self._seen, self._appid):
            keys = [record.id for record in page]
            held = await self._target.read_all(self._appid, keys)
            changed = {r.id: r for r in page if not _is_same(held.get(r.id), r)}
            await self._take(changed, list(changed))
        await self._delete_absent()

    async def _feed_reaches(self, position: int) -> bool:
        """Return whether the feed has all that came after a change: then it has that one too."""
        entries = await self._seen.changes(self._appid, position - 1, limit=1)
        return bool(entries) and entries[0].number == position

    async def _told(self, position: int) -> AsyncIterator[list[str]]:
        """Yield the ids that the feed names after a change."""
        while entries := await self._seen.changes(self._appid, position):
            position = entries[-1].number
            keys = list(dict.fromkeys(key for entry in entries for key in entry.keys))
            for start in range(0, len(keys), _PAGE):
                yield keys[start : start + _PAGE]

    async def _take_later(self, position: int) -> None:
        async for page in _pages(self._seen, self._appid, changed_after=position):
            await self._take({record.id: record for record in page}, [r.id for r in page])

    async def _delete_absent(self) -> None:
        """Delete what the target has and the source has not."""
        after = ""
        while page := await self._target.read_page(self._appid, after=after, limit=_PAGE):
            after = page[-1].id
            keys = [record.id for record in page]
            held = await self._seen.read_all(self._appid, keys)
            if absent := [key for key in keys if key not in held]:
                await self._take({}, absent)

    async def _take(self, found: dict[str, Record], keys: Collection[str]) -> None:
        """Write what the source has under these ids, and delete what it has not."""
        gone = [key for key in keys if key not in found]
        if found or gone:
            puts = [Put(record) for record in found.values()]
            await self._target.write(self._appid, Write("createAll", puts, gone))
            self._moved.put += len(puts)
            self._moved.deleted += len(gone)

    async def _forget(self) -> None:
        """Forget the feed of the target: followers begin with what is there."""
        await self._target.forget_changes(self._appid, await self._target.last_change(self._appid))


async def _verify(seen: Snapshot, target: DAO, marker: Marker, table: Table, moved: Moved) -> None:
    """Compare what both databases hold; what differs once is brought in line by looking at all."""
    wanted = await checksum_of(seen, table.appid)
    found = await _checksum_in(target, table.appid)
    if found != wanted:
        moved.repaired.append(table.appid)
        await _AppMove(seen, target, marker, table, moved).level()
        found = await _checksum_in(target, table.appid)
    if found != wanted:
        raise MoveError(
            f"the app {table.appid!r} did not arrive as it was: {wanted.count} objects there, "
            f"{found.count} here, checksums {wanted} and {found}; make sure that no server uses "
            f"the target{'' if seen.is_frozen else ' or the source'}, and run it again"
        )
    moved.objects += wanted.count


async def _checksum_in(target: DAO, appid: str) -> Checksum:
    async with target.snapshot() as arrived:
        return await checksum_of(arrived, appid)


async def _pages(
    seen: Snapshot, appid: str, *, changed_after: int = 0
) -> AsyncIterator[list[Record]]:
    after = ""
    while page := await seen.read_page(
        appid, after=after, limit=_PAGE, changed_after=changed_after
    ):
        yield page
        after = page[-1].id


def _is_same(held: Record | None, record: Record) -> bool:
    return held is not None and (held.type, held.data) == (record.type, record.data)
