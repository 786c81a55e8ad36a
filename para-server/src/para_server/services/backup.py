"""Export and import: all objects of an app as an archive, and objects of an archive into an app.

An export shows one moment: what is written while it is made is not in it. It is read and packed in
small portions, with pauses, so that it needs little memory and others hardly notice. An import
stores objects as they are, in batches: no rules and constraints hold, ids and times are kept, and
objects with the same ids are replaced.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import msgspec

from para_core.contracts.dao import Record
from para_core.errors import BackendError, UnavailableError
from para_core.objects import App, Sysprop
from para_core.objects.base import class_of
from para_core.objects.codec import decode, stored_fields
from para_core.objects.fields import declared_fields
from para_server.access.ownership import may_touch, shown
from para_server.services.archive import ArchiveWriter
from para_server.services.importing import AS_IT_IS, Import, ImportTools, Wish
from para_server.services.turns import Turns

if TYPE_CHECKING:
    from para_core.ids import IdGenerator
    from para_server.access.principal import Principal
    from para_server.config import ApiSettings
    from para_server.services.apps import Apps
    from para_server.services.container import Clock
    from para_server.services.store import Store

__all__ = ["Backup"]

_REST = 3  # times as long as it worked an export pauses after each file
_LEAST_REST_SEC = 0.001
_MOST_EXPORTS = 4  # at a time: each keeps a connection to the database
_MOST_OF_AN_APP = 2  # of them, so that an app that reads slowly leaves some to others
_MOST_IMPORTS = 4  # at a time: each keeps a file of its archive in memory
_LONGEST_SEC = 3600  # of an export: the database keeps for it what others change
_LARGEST_FILE = 32  # times the limit of one object; the original puts 30 objects into a file
_UNPACKED = 8  # times the limit of an archive
_MOST_FILES = 200_000  # of 30 objects each: six million


class Backup:
    """Exports and imports the objects of one app at a time."""

    def __init__(
        self, store: Store, apps: Apps, *, ids: IdGenerator, clock: Clock, settings: ApiSettings
    ) -> None:
        self._store, self._clock = store, clock
        self._page = max(settings.max_items_per_page, 1)
        self._tools = ImportTools(
            store,
            apps,
            ids,
            clock,
            batch=max(settings.import_batch_size, 1),
            token_validity_sec=settings.jwt_expires_after,
            most_file_bytes=settings.max_entity_size_bytes * _LARGEST_FILE,
            most_bytes=settings.import_max_bytes * _UNPACKED,
            most_files=_MOST_FILES,
        )
        self._exports: Counter[str] = Counter()  # under way, by app
        self._imports, self._turns = asyncio.Semaphore(_MOST_IMPORTS), Turns()

    # ---- export -------------------------------------------------------------------------------

    def name(self, app: App) -> str:
        """Return the name of an archive that is made now, without its ending."""
        now = datetime.fromtimestamp(self._clock() / 1000, UTC).astimezone()
        return f"{app.identifier.strip()}_{now:%Y%m%d_%H%M%S}"

    def is_busy(self, app: App) -> bool:
        """Return whether so many exports are under way that another one of this app has to wait."""
        return (
            self._exports.total() >= _MOST_EXPORTS
            or self._exports[app.identifier] >= _MOST_OF_AN_APP
        )

    async def export(self, app: App, caller: Principal, name: str) -> AsyncGenerator[bytes, None]:
        """Yield an archive of all objects of an app, with their secrets if the app asks.

        Others get the objects they may see, as they may see them. The last file is an empty array:
        an archive without it is not complete.
        """
        writer = ArchiveWriter(name)
        after, deadline = "", time.monotonic() + _LONGEST_SEC
        self._exports[app.identifier] += 1
        try:
            async with self._store.dao.snapshot() as seen:
                while True:
                    began = time.perf_counter()
                    records = await seen.read_page(app.identifier, after=after, limit=self._page)
                    if not records:
                        break
                    after = records[-1].id
                    part = await asyncio.to_thread(_part, writer, app, caller, records)
                    worked = time.perf_counter() - began
                    await asyncio.sleep(max(worked * _REST, _LEAST_REST_SEC))
                    yield part
                    if time.monotonic() > deadline:
                        raise UnavailableError("an export was taken too slowly")
            yield writer.part([]) + writer.end()
        finally:
            self._exports[app.identifier] -= 1
            if not self._exports[app.identifier]:
                del self._exports[app.identifier]

    # ---- import -------------------------------------------------------------------------------

    async def import_(
        self, app: App, archive: IO[bytes], name: str, wish: Wish = AS_IT_IS
    ) -> Sysprop:
        """Store the objects of an archive in an app; apps in it count for the root app only.

        An app imports one archive after the other, and a few apps do at a time; others wait.

        Args:
            app: The app.
            archive: The archive, at its beginning; a file that is none holds no objects.
            name: What the record of this import is called.
            wish: How it is to be imported.

        Returns:
            The record of this import: how many objects there were, and which were left out and
            why. It is stored when there were objects, and has an id then.

        Raises:
            ImportFailedError: Something in the archive cannot be taken in. Batches that were stored
                before it stay; nothing of its own file is stored if it is no array of objects.
        """
        async with self._turns.of(app.identifier), self._imports:
            return await Import(self._tools, app, wish).run(archive, name)


def _part(writer: ArchiveWriter, app: App, caller: Principal, records: Sequence[Record]) -> bytes:
    if caller.is_app:
        return writer.part([_whole(record) for record in records])
    objects = [obj for obj in map(decode, records) if may_touch(caller, app, obj)]
    if not objects:
        return b""  # an empty file would look like the end
    return writer.part(
        [_nested(shown(caller, app, stored_fields(obj)), obj.type) for obj in objects]
    )


def _whole(record: Record) -> dict[str, Any]:
    """Return an object as archives have it, secrets included; its values are not looked into."""
    try:
        return _nested(_decode_fields(record.data), record.type)
    except msgspec.DecodeError as error:
        message = f"object {record.id!r} is damaged in its store: {error}"
        raise BackendError(message) from error


def _nested(fields: dict[str, Any], kind: str) -> dict[str, Any]:
    """Put the custom fields of an object inside ``properties``."""
    if issubclass(class_of(kind), Sysprop):
        declared = declared_fields(kind)
        custom = {name: fields.pop(name) for name in list(fields) if name not in declared}
        fields["properties"] = custom
    return fields


_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
