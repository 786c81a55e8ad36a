"""Apps: finding, creating, changing and deleting them.

An app is an object of the root app. Every request needs one, so decoded apps stay in memory; each
write of an app through this process replaces what is kept. ``change`` alters an app field by field
on its latest stored state, however many do so at once.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from para_core.contracts.dao import Record
from para_core.errors import ConflictError, InvalidObjectError
from para_core.objects import App
from para_core.objects.codec import decode
from para_core.types import app_id, registration_of
from para_server.services.store import Save, Store

if TYPE_CHECKING:
    from para_core.listeners import AppListener
    from para_server.config import ApiSettings
    from para_server.services.container import Clock

__all__ = ["Apps", "new_secret"]

logger = logging.getLogger(__name__)


class Apps:
    """The apps of this server.

    ``root`` is the identifier of the root app, ``root_secret`` the secret that the configuration
    dictates to it; empty when it does not.
    """

    def __init__(
        self,
        store: Store,
        settings: ApiSettings,
        *,
        clock: Clock,
        listeners: Sequence[AppListener] = (),
        is_true: Callable[[Record], bool] | None = None,
    ) -> None:
        """Keep the apps in order.

        Args:
            store: Where they are.
            settings: Of the server.
            clock: Tells the time.
            listeners: Hear of apps that come and go.
            is_true: Tells of a record that was read before whether it is still what is stored;
                ``None`` when no other process writes.
        """
        self.root, self.root_secret = settings.root, settings.root_secret_override
        self._store, self._clock = store, clock
        self._max_datatypes = settings.max_datatypes_per_app
        self._validity_sec = settings.jwt_expires_after
        self.listeners = tuple(listeners)
        self._known: dict[str, App] = {}
        self._is_true = is_true
        self._origins: dict[str, Record] = {}  # of known apps, where others may change them
        self._heard = 0  # writes of apps
        self._types: dict[str, set[str]] = {}  # types known to be registered, by app
        store.watch(self._hear)

    def _hear(self, appid: str, records: Sequence[Record], deleted: Sequence[str]) -> None:
        if appid != self.root:
            return
        self._heard += 1
        for key in (*[record.id for record in records], *deleted):
            if key.startswith("app:"):
                self._forget(key.removeprefix("app:"))

    def _forget(self, identifier: str) -> None:
        self._known.pop(identifier, None)
        self._origins.pop(identifier, None)
        self._types.pop(identifier, None)

    def forget_all(self) -> None:
        """Forget all apps: nobody has told what became of them."""
        self._heard += 1
        for identifier in list(self._known):
            self._forget(identifier)

    def known(self, identifier: str) -> App | None:
        """Return an app that is in memory; ``None`` says nothing."""
        found = self._known.get(identifier)
        if self._is_true is None or found is None or self._is_true(self._origins[identifier]):
            return found
        self._forget(identifier)
        return None

    async def find(self, identifier: str) -> App | None:
        """Return an app by its identifier, or ``None``. Do not alter it: see ``change``."""
        found = self.known(identifier)
        if found is None and identifier:
            heard = self._heard
            record = await self._store.read(self.root, f"app:{identifier}")
            if record is not None and record.type == "app":
                found = cast("App", decode(record))
                if heard == self._heard:  # else this may be what it was before
                    self._known[identifier] = found
                    if self._is_true is not None:
                        self._origins[identifier] = record
        return found

    async def begin(self) -> None:
        """Make room for the root app, where the database has none yet.

        A cache that outlives its database would tell of apps that are not there.
        """
        if await self._store.dao.read(self.root, f"app:{self.root}") is None:
            await self._store.begin(self.root)

    async def create(self, app: App) -> App | None:
        """Create an app with new keys; ``None`` when it exists.

        Its table is made first, so an app that can be found can be used.
        """
        now = self._clock()
        app.timestamp = app.timestamp or now
        app.appid = self.root
        app.secret = app.secret or new_secret()
        app.token_validity_sec = self._validity_sec
        if await self._store.dao.read(self.root, app.id) is not None:
            return None
        await self._store.begin(app.identifier, shared=app.sharing_table)
        try:
            await self._store.save(self.root, "create", [Save(app, 0)])
        except ConflictError:
            return None
        kind = "root" if app.identifier == self.root else "new"
        shares = [str(one).lower() for one in (app.sharing_table, app.sharing_index)]
        logger.info(
            "Created %s app '%s', sharingTable = %s, sharingIndex = %s.",
            kind,
            app.identifier,
            *shares,
        )
        if app.identifier != self.root:
            await self._tell(lambda listener: listener.app_created(app))
        return app

    async def delete(self, app: App) -> None:
        """Delete an app with everything in it; the root app stays.

        Its objects go first: an app that is half deleted can be deleted again, but nobody would
        look for objects without an app, and a later app of that name would have them.
        """
        if app.identifier == self.root:
            return
        await self._store.forget(app.identifier)
        await self._store.delete(self.root, "delete", [app.id])
        await self._store.forget(app.identifier)  # what was written meanwhile
        logger.info("App '%s' deleted.", app.id)
        await self._tell(lambda listener: listener.app_deleted(app))
        await self._tell_settings(app, app.settings, {})

    async def _tell(self, tell: Callable[[AppListener], Awaitable[None]]) -> None:
        """Tell the listeners something; what it is has happened, so their errors are logged."""
        for listener in self.listeners:
            try:
                await tell(listener)
            except Exception:
                name = type(listener).__qualname__
                logger.exception("a listener of apps failed", extra={"listener": name})

    async def _tell_settings(
        self, app: App, removed: Iterable[str], put: Mapping[str, object]
    ) -> None:
        for key in removed:
            await self._tell(partial(_removed, app=app, key=key))
        for key, value in put.items():
            await self._tell(partial(_added, app=app, key=key, value=value))

    async def change(self, identifier: str, alter: Callable[[App], bool | None]) -> App | None:
        """Alter an app on its latest stored state and store it.

        Args:
            identifier: The app.
            alter: Changes the app it is given; ``False`` leaves it as it was. It may be called
                several times, each time with a fresh copy.

        Returns:
            The app as it is stored now; ``None`` when it is gone.

        Raises:
            InvalidObjectError: It has grown larger than an object may be.
            ConflictError: Others changed it all the time.
        """
        key = f"app:{identifier}"

        async def attempt() -> App | None:
            record = await self._store.dao.read(self.root, key)
            if record is None:
                return None
            app = cast("App", decode(record))
            if alter(app) is not False:
                app.updated = self._clock()
                await self._store.save(self.root, "update", [self._store.changed(app, record)])
            return app

        return await self._store.turns.change(attempt, self.root, key)

    async def register_types(self, app: App, kinds: Collection[str]) -> None:
        """Add the types of stored objects to the types of their app, if they are new.

        An app that is as large as it may be knows no more types; its objects are stored all the
        same.
        """
        seen = self._types.setdefault(app.identifier, set())
        if seen.issuperset(kinds):
            return
        if any(self._is_new(app, kind) for kind in kinds):

            def add(fresh: App) -> bool:
                added = False
                for kind in sorted(kinds):
                    entry = registration_of(kind, fresh.datatypes, self._max_datatypes)
                    if entry is not None:
                        fresh.datatypes[entry[0]] = entry[1]
                        added = True
                return added

            with contextlib.suppress(InvalidObjectError):
                await self.change(app.identifier, add)
        if len(seen) < self._max_datatypes:
            self._types.setdefault(app.identifier, set()).update(kinds)

    def _is_new(self, app: App, kind: str) -> bool:
        return registration_of(kind, app.datatypes, self._max_datatypes) is not None

    async def new_keys(self, app: App) -> App:
        """Give an app a new secret; the old one and all its tokens are worthless at once."""
        secret = self.root_secret if app.identifier == self.root else ""

        def renew(fresh: App) -> None:
            fresh.secret = secret or new_secret()

        return await self.change(app.identifier, renew) or app

    async def put_settings(self, app: App, settings: dict[str, Any], *, replace: bool) -> None:
        """Put settings; ``None`` values and blank names are left out.

        Args:
            app: The app.
            settings: What to put.
            replace: Whether all others are removed.
        """
        kept = {k: v for k, v in settings.items() if v is not None and k.strip()}
        removed = [key for key in app.settings if replace and key not in kept]

        def put(fresh: App) -> None:
            fresh.settings = dict(kept) if replace else {**fresh.settings, **kept}
            timeout = kept.get("session_timeout")
            if isinstance(timeout, int | float) and not isinstance(timeout, bool):
                fresh.token_validity_sec = abs(int(timeout))

        now = await self.change(app.identifier, put) or app
        await self._tell_settings(now, removed, kept)

    async def remove_setting(self, app: App, key: str) -> None:
        """Remove a setting, if it is there."""

        def remove(fresh: App) -> bool:
            return fresh.settings.pop(key, None) is not None

        had = key in app.settings
        now = await self.change(app.identifier, remove) or app
        if had:
            await self._tell_settings(now, [key], {})


async def _removed(listener: AppListener, *, app: App, key: str) -> None:
    await listener.setting_removed(app, key)


async def _added(listener: AppListener, *, app: App, key: str, value: object) -> None:
    await listener.setting_added(app, key, value)


def new_secret() -> str:
    """Return a new secret of an app: 40 random bytes in Base64."""
    return base64.b64encode(secrets.token_bytes(40)).decode()


def app_named(text: str) -> str:
    """Return the identifier that a name of an app stands for; empty when it is none."""
    return (app_id(text) or "").partition(":")[2]
