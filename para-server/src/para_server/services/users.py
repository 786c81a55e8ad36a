"""Users and their identifiers: who an account belongs to, and what goes with it.

Next to each user stands an *identifier object* for every name it can sign in with: a ``sysprop``
whose id is the identifier itself and whose ``creatorid`` is the user. It carries the hash of the
password. A user and its identifier are stored in one write.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, cast

from para_core.errors import ConflictError
from para_core.objects import App, Sysprop, User
from para_core.objects.codec import decode
from para_core.objects.identifiers import is_identifier
from para_core.pager import Pager
from para_core.query.tree import Bool, Exact
from para_core.text import DEFAULT_PICTURE, text_of
from para_server.services.store import Save, Store

if TYPE_CHECKING:
    from para_core.objects import ParaObject
    from para_server.services.apps import Apps
    from para_server.services.container import Clock
    from para_server.services.finder import Finder

__all__ = ["IDENTIFIER", "UNPROVEN", "TakenError", "Users", "is_unused", "new_token_secret"]

IDENTIFIER = "identifier"
UNPROVEN = "-"
"""The verified address of an account that was in use, or was switched off, without having one."""
_CREDENTIALS = ("password", "token", "etoken", "etoken2")  # properties of identifier objects


class TakenError(Exception):
    """A user cannot be made: it has no identifier, or somebody has it already."""


class Users:
    """The users of all apps."""

    def __init__(  # noqa: PLR0913 - the collaborators of one service
        self,
        store: Store,
        apps: Apps,
        finder: Finder,
        *,
        clock: Clock,
        admin_ident: str = "",
        allows_unverified: bool = False,
    ) -> None:
        self._store, self._apps, self._finder = store, apps, finder
        self._clock, self._admin_ident = clock, admin_ident
        self._allows_unverified = allows_unverified

    def allows_unverified(self, app: App) -> bool:
        """Tell whether users of an app are active before they have confirmed their address."""
        own = app.settings.get("security.allow_unverified_emails")
        return self._allows_unverified if own is None else text_of(own).lower() == "true"

    def settle_change(self, app: App, user: User, before: tuple[bool, str | None]) -> None:
        """Keep in mind what a change of a user by the app says of its address.

        Where users are active only after they have confirmed their address, the app that activates
        one vouches for it. Of an address that the app has changed nothing is known. An account that
        was active once is used, so nobody gets it by its address.
        """
        was_active, email = before
        if (was_active or user.active) and user.verified_email == "":
            user.verified_email = UNPROVEN
        if user.email != email:
            user.verified_email = None
        if user.active and not was_active and not self.allows_unverified(app):
            user.verified_email = user.email

    async def create(self, app: App, user: User, *, password: str | None = None) -> User:
        """Store a new user and its identifier object, both or none.

        Args:
            app: The app.
            user: Validated, with id and time.
            password: The hash that the identifier carries; ``None`` for none.

        Raises:
            TakenError: The identifier or the address belongs to somebody, or is missing.
        """
        identifier = user.identifier or ""
        if not identifier.strip() or await self._is_taken(app, user):
            raise TakenError(identifier)
        if self._admin_ident and identifier == self._admin_ident:
            user.groups = "admins"
        user.picture = user.picture or DEFAULT_PICTURE
        user.token_secret = user.token_secret or new_token_secret()
        record = self.identifier_of(app, user, password)
        try:
            await self._store.save(app.identifier, "create", [Save(user), Save(record, 0)])
        except ConflictError as error:
            raise TakenError(identifier) from error
        return user

    def identifier_of(
        self, app: App, user: User, password: str | None, identifier: str = ""
    ) -> Sysprop:
        """Return the identifier object of a user: of the main one, unless another is given."""
        return Sysprop(
            id=identifier or user.identifier or "",
            type="sysprop",
            name=IDENTIFIER,
            appid=app.identifier,
            creatorid=user.id,
            timestamp=self._clock(),
            properties={} if password is None else {"password": password},
        )

    async def _is_taken(self, app: App, user: User) -> bool:
        if await self._store.dao.read(app.identifier, user.identifier or "") is not None:
            return True
        return bool(user.email) and await self.by_email(app, user.email or "") is not None

    async def find(self, app: App, key: str) -> User | None:
        """Return a user by id, or ``None``."""
        record = await self._store.read(app.identifier, key) if key else None
        found = decode(record) if record is not None and record.type == "user" else None
        return found if isinstance(found, User) else None

    async def identifier(self, app: App, identifier: str) -> Sysprop | None:
        """Return the identifier object of this name, or ``None``.

        An object whose id has the form of no identifier is none, whatever it holds: users and
        guests may make such ones, with a password, in the name of others.
        """
        is_one = is_identifier(identifier)
        record = await self._store.dao.read(app.identifier, identifier) if is_one else None
        found = decode(record) if record is not None else None
        if not isinstance(found, Sysprop) or found.type != "sysprop":
            return None
        return found if found.creatorid else None

    async def by_identifier(self, app: App, identifier: str) -> User | None:
        """Return the user who signs in with this identifier, or ``None``."""
        known = await self.identifier(app, identifier)
        return None if known is None else await self.find(app, known.creatorid or "")

    async def by_email(self, app: App, email: str) -> User | None:
        """Return the user with this address, or ``None``; the first one made, if there are more."""
        query = Exact("email", email.lower())
        pager = Pager(limit=1, sort="timestamp", desc=False)
        found = await self._finder.find(app, query, kind="user", pager=pager)
        return cast("User", decode(found.records[0])) if found.records else None

    async def attach(self, app: App, user: User, identifier: str) -> None:
        """Let a user sign in with one more identifier; nothing happens if it can already.

        Raises:
            TakenError: It is another user's, or no identifier at all.
        """
        known = await self.identifier(app, identifier)
        if known is None and is_identifier(identifier):
            record = self.identifier_of(app, user, None, identifier)
            try:
                await self._store.save(app.identifier, "create", [Save(record, 0)])
            except ConflictError:
                known = await self.identifier(app, identifier)
            else:
                return
        if known is None or known.creatorid != user.id:
            raise TakenError(identifier)

    async def holds(self, app: App, user: User, identifier: str) -> bool:
        """Tell whether this is an identifier of a user now."""
        known = await self.identifier(app, identifier)
        return known is not None and known.creatorid == user.id

    async def claim(self, app: App, userid: str, email: str, identifier: str) -> User | None:
        """Hand an account that was never used to the person who proved its address.

        Whatever was set for it until now lets nobody in any more: its other identifiers go, and so
        do passwords, the second factor and tokens. That is one write, which compares the user with
        what was read.

        Args:
            app: The app.
            userid: Whose account.
            email: The address that was proved.
            identifier: With which the person signs in; it becomes the main one.

        Returns:
            ``None`` when there is no such account any more: it is gone, in use, or has another
            address.

        Raises:
            TakenError: The identifier is another user's, or no identifier at all.
        """

        async def attempt() -> User | None:
            record = await self._store.dao.read(app.identifier, userid)
            user = decode(record) if record is not None else None
            if record is None or not isinstance(user, User):
                return None
            if not is_unused(user) or user.email != email:
                return None
            kept = await self._kept(app, user, dict.fromkeys((identifier, email)))
            if identifier not in {save.obj.id for save in kept}:
                raise TakenError(identifier)
            others = await self._others(app, user, {save.obj.id for save in kept})
            _hand_over(user, email, identifier, self._clock())
            saves = [Save(user, record.change), *kept]
            await self._store.save(app.identifier, "update", saves, deletes=others)
            return user

        return await self._store.turns.change(attempt, app.identifier, userid)

    async def _kept(self, app: App, user: User, identifiers: Iterable[str]) -> list[Save]:
        """Return those of the identifiers that a claimed account has, as they are stored then.

        The first one is made if nobody has it.
        """
        kept: list[Save] = []
        for at, identifier in enumerate(identifiers):
            record = await self._store.dao.read(app.identifier, identifier)
            known = decode(record) if record is not None else None
            if record is None and at == 0 and is_identifier(identifier):
                kept.append(Save(self.identifier_of(app, user, None, identifier), 0))
            elif record is not None and isinstance(known, Sysprop) and known.creatorid == user.id:
                _forget(known)
                kept.append(Save(known, record.change))
        return kept

    async def _others(self, app: App, user: User, kept: Collection[str]) -> list[str]:
        """Return the ids of all further objects by which somebody may sign in as a user."""
        query = Exact("creatorid", user.id)
        found = [record async for record in self._finder.each(app, query, kind="sysprop")]
        keys = [r.id for r in found if is_identifier(r.id) or decode(r).name == IDENTIFIER]
        keys += await self._named(app, user)
        return [key for key in dict.fromkeys(keys) if key not in kept]

    async def change(
        self, app: App, userid: str, alter: Callable[[User], bool | None]
    ) -> User | None:
        """Alter a user on its latest stored state; ``None`` when it is gone.

        ``alter`` returns ``False`` to leave it as it was, and may be called several times.
        """

        async def attempt() -> User | None:
            record = await self._store.dao.read(app.identifier, userid)
            if record is None or record.type != "user":
                return None
            user = cast("User", decode(record))
            if alter(user) is not False:
                user.updated = self._clock()
                await self._store.save(app.identifier, "update", [Save(user, record.change)])
            return user

        return await self._store.turns.change(attempt, app.identifier, userid)

    async def change_identifier(
        self, app: App, identifier: str, alter: Callable[[Sysprop], bool | None]
    ) -> Sysprop | None:
        """Alter an identifier object on its latest stored state; its ``updated`` stays."""

        async def attempt() -> Sysprop | None:
            record = await self._store.dao.read(app.identifier, identifier)
            if record is None:
                return None
            known = cast("Sysprop", decode(record))
            if alter(known) is not False:
                await self._store.save(app.identifier, "update", [Save(known, record.change)])
            return known

        return await self._store.turns.change(attempt, app.identifier, identifier)

    async def belongings(self, app: App, users: Sequence[ParaObject]) -> list[str]:
        """Return the ids of the identifier objects of users, which go when they go."""
        keys: list[str] = []
        for user in users:
            keys += await self._named(app, user)
            query = Bool(must=[Exact("creatorid", user.id), Exact("name", IDENTIFIER)])
            found = self._finder.each(app, query, kind="sysprop")
            keys += [record.id async for record in found]
        return list(dict.fromkeys(keys))

    async def _named(self, app: App, user: ParaObject) -> list[str]:
        """Return the identifier objects that a user itself names; they need no search."""
        if not isinstance(user, User):
            return []
        names = [name for name in (user.identifier, user.email) if name]
        found = [await self.identifier(app, name) for name in dict.fromkeys(names)]
        return [known.id for known in found if known is not None and known.creatorid == user.id]


def is_unused(user: User) -> bool:
    """Tell whether an account waits to be activated for the first time, its address unproven."""
    return not user.active and user.verified_email == ""


def _hand_over(user: User, email: str, identifier: str, now: int) -> None:
    """Make an account that of the person who proved its address, and of nobody else."""
    user.active, user.verified_email, user.identifier = True, email, identifier
    user.token_secret = new_token_secret()
    user.two_fa, user.two_fa_key, user.two_fa_backup_key_hash = False, None, None
    user.idp_access_token = user.idp_id_token = user.idp_refresh_token = None
    user.creatorid = user.parentid = None  # it is owned by who is named there
    user.updated = now


def _forget(known: Sysprop) -> None:
    """Take from an identifier object all that lets somebody in."""
    for name in (*_CREDENTIALS, "lockedUntil"):
        known.properties.pop(name, None)
    known.votes = 0


def new_token_secret() -> str:
    """Return a new secret of a user, which makes all its earlier tokens worthless."""
    return base64.b64encode(secrets.token_bytes(32)).decode()
