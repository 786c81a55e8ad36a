"""The objects of a Para inside a program, by the rules that hold for the API.

Every call is made in somebody's name: that of the app itself, or of the user who is given. It asks
``authorize`` what the request that does the same would be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.objects.codec import decode, object_of, stored_fields
from para_core.pager import Pager
from para_server.access.principal import NOBODY, Kind, Principal
from para_server.services.acting import Acting

if TYPE_CHECKING:
    from para_core.contracts.dao import Record
    from para_core.objects import App, ParaObject, User
    from para_server.services.container import Services

__all__ = ["Objects", "Page"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the objects that a query found; ``total`` counts all that match."""

    objects: list[ParaObject]
    total: int
    last_key: str | None = None  # for Pager.last_key of the next page


class Objects:
    """Makes, reads, finds, changes and deletes objects of apps.

    Objects that a user reads lack the secrets that the API would not show to that user either.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def create(self, app: App, obj: ParaObject, *, user: User | None = None) -> ParaObject:
        """Store a new object, and return it as it is stored; one of the same id is overwritten.

        Raises:
            InvalidObjectError, UnusableBodyError: It breaks rules; nothing is stored.
            NotAllowedError, ForbiddenObjectError: The user may not do this.
        """
        acting = await self._acting(app, user)
        return _seen(acting, await acting.create(obj.type, stored_fields(obj)))

    async def create_all(
        self, app: App, objects: Iterable[ParaObject], *, user: User | None = None
    ) -> list[ParaObject]:
        """Store many objects in one transaction; those that break rules are left out."""
        acting = await self._acting(app, user)
        records = await acting.create_all([stored_fields(obj) for obj in objects])
        return [_seen(acting, record) for record in records]

    async def read(self, app: App, key: str, *, user: User | None = None) -> ParaObject | None:
        """Return the object with this id; ``None`` when there is none, or not for this user."""
        acting = await self._acting(app, user)
        record = await acting.read(key)
        return None if record is None else _seen(acting, record)

    async def read_all(
        self, app: App, keys: Sequence[str], *, user: User | None = None
    ) -> list[ParaObject]:
        """Return the objects with these ids, in this order; absent ones are left out."""
        acting = await self._acting(app, user)
        return [_seen(acting, record) for record in await acting.read_all(keys)]

    async def update(
        self, app: App, obj: ParaObject, *, user: User | None = None
    ) -> ParaObject | None:
        """Change the stored object to what this one says, and return it as it is stored.

        Custom fields that are missing stay; those that are ``None`` are removed. With a positive
        ``version`` the stored one must be equal.

        Returns:
            ``None`` when no object has this id.

        Raises:
            VersionConflictError: It changed since it was read; nothing is stored.
            InvalidObjectError, UnusableBodyError: It breaks rules; nothing is stored.
            NotAllowedError, ForbiddenObjectError: The user may not do this.
        """
        acting = await self._acting(app, user)
        record = await acting.update(obj.type, obj.id, stored_fields(obj))
        return None if record is None else _seen(acting, record)

    async def delete(self, app: App, obj: ParaObject, *, user: User | None = None) -> None:
        """Delete an object with what belongs to it; an absent one is no error.

        Raises:
            NotAllowedError, ForbiddenObjectError: The user may not do this.
        """
        await (await self._acting(app, user)).delete(obj.type, obj.id)

    async def delete_all(self, app: App, keys: Sequence[str], *, user: User | None = None) -> None:
        """Delete objects in one transaction; what may not be deleted is left alone."""
        await (await self._acting(app, user)).delete_all(keys)

    async def find(
        self,
        app: App,
        query: str = "*",
        *,
        kind: str | None = None,
        pager: Pager | None = None,
        user: User | None = None,
    ) -> Page:
        """Return one page of the objects that match a query; what was stored before is found.

        Args:
            app: The app.
            query: In the query language.
            kind: The type; of all types unless given.
            pager: Which page, in which order; the first 30, newest first, unless given.
            user: In whose name; the app itself unless given.

        Raises:
            QueryError: The query breaks the grammar.
            NotAllowedError: The user may not do this.
        """
        acting = await self._acting(app, user)
        found = await acting.find(query, kind=kind, pager=pager)
        objects = [_seen(acting, record) for record in found.records]
        return Page(objects, found.total, found.last_key)

    async def _acting(self, app: App, user: User | None) -> Acting:
        """Return in whose name a call is made; app and user are looked up as they are now."""
        fresh = await self._services.apps.find(app.identifier)
        return Acting(self._services, fresh, await self._caller(app, user))

    async def _caller(self, app: App, user: User | None) -> Principal:
        is_root = app.identifier == self._services.settings.root
        if user is None:
            return Principal(Kind.APP, app.identifier, is_root=is_root)
        found = await self._services.users.find(app, user.id)
        if found is None:
            return NOBODY
        return Principal(
            Kind.USER,
            app.identifier,
            is_root=is_root,
            userid=found.id,
            groups=found.groups,
            is_active=found.active,
        )


def _seen(acting: Acting, record: Record) -> ParaObject:
    """Return an object with what the caller may see of it; to the app, all of it."""
    obj = decode(record)
    if acting.caller.is_app:
        return obj
    fields = acting.seen(obj)
    return object_of({name: fields[name] for name in stored_fields(obj) if name in fields})
