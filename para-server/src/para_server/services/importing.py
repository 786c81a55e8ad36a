"""Imports: what becomes of the objects of one archive, from the first to the last.

Objects are stored in batches. In a large archive it is noted after some of them how far it is:
when the same archive comes again after a crash, the import goes on there, and what was changed
meanwhile in the part before stays as it is. That holds for a day. An archive that was refused
begins at its beginning the next time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, cast

from para_core.contracts.dao import is_storable
from para_core.errors import InvalidObjectError, UnusableBodyError
from para_core.objects import App, Linker, ParaObject, Sysprop
from para_core.objects.incoming import object_from
from para_core.objects.rules import default_name
from para_core.types import clean_type
from para_server.services.archive import ImportFailedError, entries_of, items_of
from para_server.services.importnotes import ImportNotes
from para_server.services.links import without_secrets_in
from para_server.services.store import Save

if TYPE_CHECKING:
    from para_core.ids import IdGenerator
    from para_server.services.apps import Apps
    from para_server.services.container import Clock
    from para_server.services.store import Store

__all__ = ["AS_IT_IS", "Import", "ImportTools", "Wish"]

_CHECKPOINT = 10  # batches from one note of how far an import is to the next
_MOST_NAMED = 100  # objects that are left out and named in the report
_MOST_REASONS = 100  # that are told apart in it; those of bad JSON say where it is
_OTHER = "other reasons"
_OF_CHILDREN = "apps are for the root app to import"
_TWICE = "the same id comes again in the same batch"


@dataclass(frozen=True, slots=True)
class ImportTools:
    """What imports are made with."""

    store: Store
    apps: Apps
    ids: IdGenerator
    clock: Clock
    batch: int
    token_validity_sec: int
    most_file_bytes: int
    most_bytes: int  # of all files
    most_files: int


@dataclass(frozen=True, slots=True)
class Wish:
    """How an archive is to be imported."""

    is_lenient: bool = False  # leave out what cannot be taken, instead of ending there
    is_dry: bool = False  # look at everything and store nothing


AS_IT_IS = Wish()


@dataclass(slots=True)
class _Report:
    """What was left out, and why."""

    reasons: Counter[str] = field(default_factory=Counter)
    named: list[dict[str, str]] = field(default_factory=list)

    def add(self, item: object, reason: str) -> None:
        """Count an object that is left out."""
        is_told = reason in self.reasons or len(self.reasons) < _MOST_REASONS
        self.reasons[reason if is_told else _OTHER] += 1
        if len(self.named) < _MOST_NAMED:
            fields = item if isinstance(item, Mapping) else {}
            told = {name: str(fields[name])[:200] for name in ("id", "type") if name in fields}
            self.named.append({**told, "reason": reason})


class Import:
    """One import of one archive into one app."""

    def __init__(self, tools: ImportTools, app: App, wish: Wish) -> None:
        self._tools, self._app, self._wish = tools, app, wish
        self._report = _Report()
        self._notes = ImportNotes(tools.store.dao, app, tools.clock)
        self._file = ""  # whose objects are taken
        self._done = 0  # objects that an earlier try has stored
        self._seen = 0  # objects met so far
        self._count = 0  # objects that were taken
        self._batches = 0

    async def run(self, archive: IO[bytes], name: str) -> Sysprop:
        """Import; see ``Backup.import_``."""
        found = await self._notes.find(archive)
        self._done = 0 if self._wish.is_dry else found
        entries = entries_of(
            archive,
            most_bytes=self._tools.most_file_bytes,
            most_together=self._tools.most_bytes,
            most_files=self._tools.most_files,
        )
        try:
            while (file := await asyncio.to_thread(self._next_file, entries)) is not None:
                self._file, text = file
                await self._take(text)
        except ImportFailedError:
            if not self._wish.is_dry:
                await self._notes.forget()
            raise
        return await self._finish(name)

    def _next_file(self, entries: Iterator[tuple[str, str]]) -> tuple[str, str] | None:
        """Return the next file once it is known to be an array; ``None`` at the end."""
        for name, text in entries:
            try:
                for _ in items_of(text, only_objects=not self._wish.is_lenient):
                    pass
            except ImportFailedError as error:
                if not self._wish.is_lenient:
                    raise ImportFailedError(f"{name}: {error}") from error
                self._report.add({}, f"{name}: {error}")
            else:
                return name, text
        return None

    # ---- batches ------------------------------------------------------------------------------

    async def _take(self, text: str) -> None:
        """Store the objects of one file."""
        items = items_of(text, only_objects=False)  # that was looked at before, if it matters
        while batch := await asyncio.to_thread(self._next_batch, items):
            await self._store_batch(batch)

    def _next_batch(self, items: Iterator[object]) -> list[ParaObject | None]:
        """Return the objects of the next items; ``None`` for each that is not to be stored."""
        return [self._taken(item) for item in islice(items, self._tools.batch)]

    def _taken(self, item: object) -> ParaObject | None:
        self._seen += 1
        try:
            made = self._made(item)
        except UnusableBodyError as error:
            if not self._wish.is_lenient:
                raise ImportFailedError(f"{self._file}{_named(item)}: {error}") from error
            self._report.add(item, str(error))
            return None
        if made is None:
            self._report.add(item, _OF_CHILDREN)
            return None
        self._count += 1
        return made if self._seen > self._done else None

    async def _store_batch(self, batch: Iterable[ParaObject | None]) -> None:
        made = [obj for obj in batch if obj is not None]
        if self._wish.is_dry or not made:
            return
        for obj in made:
            if isinstance(obj, App):
                await self._set_app(obj)
        last = {obj.id: obj for obj in made if not isinstance(obj, App)}
        for obj in made:
            if not isinstance(obj, App) and last[obj.id] is not obj:
                self._report.add({"id": obj.id, "type": obj.type}, _TWICE)
        await self._save([Save(obj) for obj in last.values()])

    async def _save(self, saves: list[Save]) -> None:
        if not saves:
            return
        kinds = {save.obj.type for save in saves}
        try:
            await self._tools.store.save(self._app.identifier, "createAll", saves)
        except InvalidObjectError as error:
            raise ImportFailedError(str(error)) from error
        await self._tools.apps.register_types(self._app, kinds)
        self._batches += 1
        if self._batches % _CHECKPOINT == 0:
            await self._notes.put(self._seen)  # from now on nobody looks at these again

    async def _finish(self, name: str) -> Sysprop:
        """Store the record of the import, and forget how far it was."""
        tools, app = self._tools, self._app
        record = Sysprop(type="paraimport", name=name, appid=app.identifier)
        record.creatorid, record.properties = app.identifier, self._told()
        if self._wish.is_dry:
            return record
        if self._count:
            record.id, record.timestamp = tools.ids.next(), tools.clock()
            await tools.store.save(app.identifier, "createAll", [Save(record)])
            await tools.apps.register_types(app, {record.type})
        await self._notes.forget()
        return record

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = {"count": self._count}
        if self._wish.is_dry:
            told["dryRun"] = True
        if self._done:
            told["resumedAt"] = self._done
        if self._report.reasons:
            told["skipped"] = dict(self._report.reasons)
            told["skippedObjects"] = self._report.named
        return told

    # ---- objects ------------------------------------------------------------------------------

    def _made(self, item: object) -> ParaObject | None:
        """Return the object of an item of an archive; ``None`` for an app that is left out.

        Raises:
            UnusableBodyError: It can be no object.
        """
        if isinstance(item, ImportFailedError):
            raise UnusableBodyError(str(item))
        if not isinstance(item, dict):
            raise UnusableBodyError("it is no object")
        app, tools = self._app, self._tools
        told = item.get("type")
        kind = clean_type(told) if isinstance(told, str) else "sysprop"
        if kind == "app":
            return self._made_app(item) if app.identifier == tools.apps.root else None
        obj = object_from(item, kind)
        obj.appid = app.identifier
        obj.id = obj.id if obj.id.strip() else tools.ids.next()
        if not is_storable(obj.id):
            raise UnusableBodyError(f"id {obj.id!r} is no valid Unicode text")
        obj.name = default_name(obj) if obj.name is None else obj.name
        obj.timestamp = obj.timestamp or tools.clock()
        if isinstance(obj, Linker):
            obj.nstd = [without_secrets_in(c) if isinstance(c, dict) else c for c in obj.nstd]
        return obj

    def _made_app(self, item: Mapping[str, Any]) -> App:
        app = cast("App", object_from({"sharingIndex": True, **item}, "app"))
        if not app.identifier:
            raise UnusableBodyError("an app has no id")
        app.appid, app.name = self._tools.apps.root, app.name or app.identifier
        app.timestamp = app.timestamp or self._tools.clock()
        if app.token_validity_sec is None:
            app.token_validity_sec = self._tools.token_validity_sec
        return app

    async def _set_app(self, app: App) -> None:
        """Make an app, or put it in the place of the one that is there.

        An app whose secret is not in the archive keeps the one it has; so does the root app, when
        the configuration dictates its secret.
        """
        apps = self._tools.apps
        held = await apps.find(app.identifier)
        dictated = apps.root_secret if app.identifier == apps.root else ""
        app.secret = dictated or app.secret or (held.secret if held is not None else None)
        validity_sec = app.token_validity_sec
        if held is None:
            await apps.create(app)
        app.token_validity_sec = validity_sec
        await self._tools.store.save(apps.root, "createAll", [Save(app)])


def _named(item: object) -> str:
    key = item.get("id") if isinstance(item, dict) else None
    return f", object {str(key)[:200]!r}" if key else ""
