"""Objects of any type: made, overwritten, changed, deleted, one by one and in batches.

Every change of a stored object is read, changed and compared: the database takes it only when the
object is still as it was read, else it is tried again on what is there now. So of two changes at
once none is lost. ``version`` is the lock that clients see: 0 is off.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from para_core.contracts.dao import Record
from para_core.errors import (
    InvalidObjectError,
    UnusableBodyError,
    VersionConflictError,
)
from para_core.objects import App, ParaObject, User, Webhook
from para_core.objects.codec import decode, record_of
from para_core.objects.incoming import merge
from para_server.access.ownership import may_touch
from para_server.access.principal import Principal
from para_server.access.reach import leads_to, lets_sign_in
from para_server.services import hooks
from para_server.services.making import Maker
from para_server.services.naming import type_of_path, type_of_post
from para_server.services.store import Save, Store
from para_server.services.validation import validate

if TYPE_CHECKING:
    from para_core.ids import IdGenerator
    from para_server.services.apps import Apps
    from para_server.services.container import Clock
    from para_server.services.users import Users

__all__ = ["ForbiddenObjectError", "Objects"]


Trigger = Callable[[App, Webhook], Awaitable[None]]
"""Takes an event that an app made up, as its request describes it."""


class ForbiddenObjectError(Exception):
    """The caller may not change this object."""


class Objects:
    """What clients do to the objects of one app."""

    def __init__(
        self, store: Store, apps: Apps, users: Users, *, ids: IdGenerator, clock: Clock
    ) -> None:
        self._store, self._apps, self._users = store, apps, users
        self._maker, self._clock = Maker(ids, clock), clock
        self.on_trigger: Trigger | None = None

    # ---- reading ------------------------------------------------------------------------------

    async def read(self, app: App, caller: Principal, key: str, *, kind: str = "") -> Record | None:
        """Return the record of an object that the caller may see, else ``None``.

        Args:
            app: The app.
            caller: Who asks.
            key: The id.
            kind: The type that the path names; empty for none.
        """
        home = self._home_of(app, key)
        record = await self._store.read(home, key)
        if record is None or not leads_to(caller, app, kind, "GET", record):
            return None
        return record if self._may_see(app, caller, record) else None

    async def refuse_vote(self, app: App, caller: Principal, kind: str, key: str) -> None:
        """Refuse a vote on what the caller may not change by this path, whoever owns it.

        The votes of an identifier are failed tries to sign in, so they are up to the app.

        Args:
            app: The app.
            caller: Who asks.
            kind: The type that the path names.
            key: The id.

        Raises:
            ForbiddenObjectError: Objects of its type are not open to the caller, or it lets a user
                sign in.
        """
        if caller.is_app:
            return
        record = await self._store.read(app.identifier, key)
        if record is not None and (
            lets_sign_in(record) or not leads_to(caller, app, kind, "PATCH", record)
        ):
            raise ForbiddenObjectError

    async def read_all(self, app: App, caller: Principal, keys: Sequence[str]) -> list[Record]:
        """Return the records of the objects the caller may see, in the order of ``keys``."""
        found = await self._store.read_all(app.identifier, keys)
        return [record for record in found.values() if self._may_see(app, caller, record)]

    def _may_see(self, app: App, caller: Principal, record: Record) -> bool:
        if caller.is_app and record.type != "app":
            return True
        return may_touch(caller, app, decode(record))

    def _home_of(self, app: App, key: str) -> str:
        """Return the app whose table holds an object: apps are kept by the root app."""
        return self._apps.root if key == app.id else app.identifier

    # ---- creating -----------------------------------------------------------------------------

    async def create(
        self, app: App, caller: Principal, kind: str, body: Mapping[str, Any]
    ) -> Record:
        """Make an object of the type that a path names; one of the same id is overwritten.

        Raises:
            UnusableBodyError: The body is no object of this type.
            InvalidObjectError: It breaks rules; nothing is stored.
        """
        told = body.get("type")
        if told is not None and not isinstance(told, str):
            raise UnusableBodyError("Failed to create object.")
        obj = self._maker.made(app, caller, type_of_post(app, kind, told), body)
        validate(obj, app, self._clock())
        if isinstance(obj, Webhook) and hooks.is_trigger(obj):
            if self.on_trigger is not None:
                await self.on_trigger(app, obj)
            return record_of(hooks.triggered(obj))
        self._maker.finish(app, obj)
        if not caller.is_app and not await self._may_replace(app, caller, [obj], "POST"):
            raise ForbiddenObjectError
        if isinstance(obj, User):
            await self._keep_used(app, [obj])
            return record_of(await self._users.create(app, obj))
        if isinstance(obj, Webhook):
            hooks.prepare(obj)
        return await self._stored(app, obj)

    async def overwrite(
        self, app: App, caller: Principal, kind: str, key: str, body: Mapping[str, Any]
    ) -> Record:
        """Store a body as the object with this id, whatever was there.

        Raises:
            UnusableBodyError, InvalidObjectError: As for ``create``.
            ForbiddenObjectError: The object there is not the caller's.
        """
        obj = self._maker.made(app, caller, type_of_path(app, kind), body, key=key)
        validate(obj, app, self._clock())
        self._maker.finish(app, obj)
        if not caller.is_app and not await self._may_replace(app, caller, [obj], "PUT"):
            raise ForbiddenObjectError
        await self._keep_used(app, [obj])
        obj.updated = obj.updated or self._clock()
        return await self._stored(app, obj)

    async def _stored(self, app: App, obj: ParaObject) -> Record:
        """Store a new object, whatever was there, and let the app know its type."""
        [record] = await self._store.save(app.identifier, "create", [Save(obj)])
        await self._apps.register_types(app, [obj.type])
        return record

    async def create_all(self, app: App, caller: Principal, bodies: Sequence[Any]) -> list[Record]:
        """Make many objects, all that are valid or none; of two with one id the last counts."""
        made: dict[str, ParaObject] = {}
        for body in bodies:
            obj = self._maker.valid(app, caller, body)
            if obj is not None:
                self._maker.finish(app, obj)
                made.pop(obj.id, None)
                made[obj.id] = obj
        objects = list(made.values())
        if not caller.is_app:
            objects = await self._may_replace(app, caller, objects, "POST")
        await self._keep_used(app, objects)
        saves = [Save(obj) for obj in objects]
        records = await self._store.save(app.identifier, "createAll", saves)
        await self._apps.register_types(app, {obj.type for obj in objects})
        return records

    async def _keep_used(self, app: App, objects: Sequence[ParaObject]) -> None:
        """Let the one-time codes that users have used stay used when the users are overwritten."""
        users = [obj for obj in objects if isinstance(obj, User)]
        keys = [user.id for user in users]
        stored = await self._store.dao.read_all(app.identifier, keys) if keys else {}
        for user in users:
            old = decode(stored[user.id]) if user.id in stored else None
            if isinstance(old, User):
                user.two_fa_step = old.two_fa_step

    # ---- changing -----------------------------------------------------------------------------

    async def change(
        self,
        app: App,
        key: str,
        alter: Callable[[ParaObject], bool | None],
        *,
        event: str = "update",
    ) -> Record | None:
        """Alter a stored object on its latest state, as ``Apps.change`` does for apps.

        Returns:
            Its record as it is stored now; ``None`` when it is not there.
        """
        home = self._home_of(app, key)
        store = self._store

        async def first() -> Record | None:  # an old record is found out by the comparison
            return await self._changed(home, await store.read(home, key), alter, event)

        async def attempt() -> Record | None:
            return await self._changed(home, await store.dao.read(home, key), alter, event)

        return await store.turns.change(attempt, home, key, first=first)

    async def _changed(
        self,
        home: str,
        record: Record | None,
        alter: Callable[[ParaObject], bool | None],
        event: str,
    ) -> Record | None:
        if record is None:
            return None
        obj = decode(record)
        if alter(obj) is False:
            return record
        obj.updated = self._clock()
        return (await self._store.save(home, event, [self._store.changed(obj, record)]))[0]

    async def patch(
        self, app: App, caller: Principal, key: str, body: Mapping[str, Any], *, kind: str = ""
    ) -> Record | None:
        """Merge a body into an object; ``None`` when there is none with this id.

        Args:
            app: The app.
            caller: Who asks.
            key: The id.
            body: What changes.
            kind: The type that the path names; empty for none.

        Raises:
            UnusableBodyError: A value cannot be taken; nothing changes.
            InvalidObjectError: The merged object breaks rules; nothing changes.
            VersionConflictError: The body has another version than the object.
            ForbiddenObjectError: The object is not the caller's.
        """

        def alter(obj: ParaObject) -> None:
            if not leads_to(caller, app, kind, "PATCH", obj):
                raise ForbiddenObjectError
            self._merge(app, caller, obj, body)

        changed = await self.change(app, key, alter)
        if changed is not None:
            await self._apps.register_types(app, [changed.type])
        return changed

    def _merge(self, app: App, caller: Principal, obj: ParaObject, body: Mapping[str, Any]) -> None:
        if not self._may_write(app, caller, obj):
            raise ForbiddenObjectError
        held, before = obj.version, hooks.standing_of(obj)
        body = hooks.allowed_changes(obj, caller, app, body)
        try:
            merge(obj, body)
        except UnusableBodyError as error:
            raise UnusableBodyError("Failed to update object.") from error
        validate(obj, app, self._clock())
        _next_version(obj, held)
        if isinstance(obj, Webhook):
            hooks.settle_update(obj)
        if isinstance(obj, User):
            self._users.settle_change(app, obj, before)

    async def patch_all(self, app: App, caller: Principal, bodies: Sequence[Any]) -> list[Record]:
        """Merge many bodies into their objects, all that are valid, in one write.

        Raises:
            VersionConflictError: Versions did not match, and nothing is left to change.
        """
        merged = _by_id(bodies)
        if not merged:
            return []
        attempt = partial(self._patch_all, app, caller, merged)
        return await self._store.turns.change(attempt, app.identifier, first=attempt)

    async def _patch_all(
        self, app: App, caller: Principal, merged: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> list[Record]:
        saves, stale = await self._merge_all(app, caller, merged)
        if stale and not saves:
            raise stale[0]
        return await self._store.save(app.identifier, "updateAll", saves)

    async def _merge_all(
        self, app: App, caller: Principal, merged: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> tuple[list[Save], list[VersionConflictError]]:
        found = await self._found(app, list(merged))
        saves: list[Save] = []
        stale: list[VersionConflictError] = []
        for key, parts in merged.items():
            record = found.get(key)
            if record is None:
                continue
            obj = decode(record)
            body = {name: value for part in parts for name, value in part.items()}
            try:
                self._merge(app, caller, obj, body)
                obj.updated = self._clock()
                saves.append(self._store.changed(obj, record))
            except VersionConflictError as error:
                stale.append(error)
            except (UnusableBodyError, InvalidObjectError, ForbiddenObjectError):
                continue
        return saves, stale

    async def _found(self, app: App, keys: Sequence[str]) -> dict[str, Record]:
        """Return objects as they are stored; those of no database may be in the cache."""
        found = await self._store.dao.read_all(app.identifier, keys)
        missing = [key for key in keys if key not in found]
        if missing:
            found = {**found, **await self._store.read_all(app.identifier, missing)}
        return found

    # ---- deleting -----------------------------------------------------------------------------

    async def delete(self, app: App, caller: Principal, key: str, *, kind: str = "") -> None:
        """Delete an object with what belongs to it; an absent one is no error.

        An object that neither database nor cache knows may still be in the index. The app removes
        it from there; whose it is nobody can tell, so others do not.

        Args:
            app: The app.
            caller: Who asks.
            key: The id.
            kind: The type that the path names; it tells apps from objects of their own table.

        Raises:
            ForbiddenObjectError: The object is not the caller's.
        """
        home = self._home_of(app, key)
        record = await self._store.dao.read(home, key) or await self._store.read(home, key)
        if record is None:
            if kind == "app" and await self._apps.find(key.partition(":")[2]) is not None:
                raise ForbiddenObjectError  # another app, which is there
            if caller.is_app:
                await self._store.delete(home, "delete", [key])
            return
        obj = decode(record)
        if not leads_to(caller, app, kind, "DELETE", obj) or not self._may_write(app, caller, obj):
            raise ForbiddenObjectError
        if isinstance(obj, App):
            await self._apps.delete(obj)
            return
        extra = await self._users.belongings(app, [obj]) if isinstance(obj, User) else []
        await self._store.delete(home, "delete", [key, *extra])

    async def delete_all(self, app: App, caller: Principal, keys: Sequence[str]) -> None:
        """Delete objects in one write; apps and what is not the caller's are left alone.

        See ``delete`` for what is in the index only.
        """
        found = await self._found(app, list(dict.fromkeys(keys)))
        objects = [decode(record) for record in found.values()]
        allowed = [
            obj for obj in objects if obj.type != "app" and self._may_write(app, caller, obj)
        ]
        users = [obj for obj in allowed if isinstance(obj, User)]
        extra = await self._users.belongings(app, users) if users else []
        gone = [key for key in keys if key not in found and key != app.id] if caller.is_app else []
        doomed = dict.fromkeys([*(obj.id for obj in allowed), *extra, *gone])
        await self._store.delete(app.identifier, "deleteAll", list(doomed))

    def _may_write(self, app: App, caller: Principal, obj: ParaObject) -> bool:
        """Return whether the caller may change an object, or delete it."""
        return may_touch(caller, app, obj) and (caller.is_app or not lets_sign_in(obj))

    async def _may_replace(
        self, app: App, caller: Principal, objects: Sequence[ParaObject], method: str
    ) -> list[ParaObject]:
        """Return those of the objects that the caller may store, whatever has their ids now."""
        stored = await self._store.read_all(app.identifier, [obj.id for obj in objects])
        kept = []
        for obj in objects:
            record = stored.get(obj.id)
            old = None if record is None else decode(record)
            if lets_sign_in(obj):
                continue
            if old is None or (
                leads_to(caller, app, obj.type, method, old)
                and self._may_write(app, caller, old)
                and hooks.keeps_identity(obj, old, caller, method)
            ):
                kept.append(obj)
        return kept


def _next_version(obj: ParaObject, held: int) -> None:
    """Compare the version of a changed object with the one it had, and count it up."""
    if obj.version > 0 and held > 0:
        if obj.version != held:
            raise VersionConflictError(obj.id, expected=obj.version, stored=held)
        obj.version = held + 1
    elif obj.version < 0:
        raise VersionConflictError(obj.id, expected=obj.version, stored=held)


def _by_id(bodies: Sequence[Any]) -> dict[str, list[dict[str, Any]]]:
    merged: dict[str, list[dict[str, Any]]] = {}
    for body in bodies:
        if isinstance(body, dict) and isinstance(body.get("id"), str):
            merged.setdefault(body["id"], []).append(body)
    return merged
