"""The tokens of users: issued at sign-in, renewed, ended.

With one session per user, each new token ends all earlier ones: the user gets a new token secret,
which is a part of the key of its tokens. Clients that send several requests at once ask for a new
token with each of them. So the renewals of one token that arrive together are one: it waits a
moment for the others, and all get the same new token. Later ones are refused.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.objects import App, User
from para_core.objects.identifiers import identity_provider
from para_core.text import picture_of
from para_server.access.issuing import (
    IssuedToken,
    Profile,
    issue_id_token,
    issue_user_token,
    new_token_secret,
    validity_of,
)

if TYPE_CHECKING:
    from para_server.config import ApiSettings
    from para_server.services.container import Clock
    from para_server.services.users import Users
    from para_server.signin.settings import SettingsLookup

__all__ = ["Session", "Sessions"]

_GATHER_SEC = 0.05  # in which the renewals of one client arrive

_Key = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Session:
    """A new token, and its user as it is stored now."""

    token: IssuedToken
    user: User


class Sessions:
    """Issues, renews and ends the tokens of users."""

    def __init__(
        self, users: Users, lookup: SettingsLookup, settings: ApiSettings, *, clock: Clock
    ) -> None:
        self._users, self._lookup, self._settings = users, lookup, settings
        self._clock = clock
        self._renewals: dict[_Key, asyncio.Task[Session | None]] = {}

    async def start(self, app: App, user: User) -> Session | None:
        """Give a user who has just signed in a token; ``None`` when the user is gone or inactive.

        Also ``None`` when the keys of the app are too short to sign with.
        """
        is_only = self._is_only_session(app)

        def alter(fresh: User) -> bool:
            if not fresh.active or (fresh.token_secret and not is_only):
                return False
            fresh.token_secret = new_token_secret()
            return True

        current = await self._users.change(app, user.id, alter)
        return None if current is None or not current.active else self._issued(app, current)

    async def renew(self, app: App, user: User) -> Session | None:
        """Give a user a new token for one that was verified.

        Args:
            app: The app.
            user: As it was when its token was verified.

        Returns:
            ``None`` when the token has been ended meanwhile, or the user is inactive.
        """
        if not self._is_only_session(app):
            current = await self._users.find(app, user.id)
            if current is None or current.token_secret != user.token_secret or not current.active:
                return None
            return self._issued(app, current)
        key = (app.identifier, user.id, user.token_secret)
        running = self._renewals.get(key)
        if running is None:
            running = asyncio.create_task(self._renew_only(app, user))
            self._renewals[key] = running
            running.add_done_callback(lambda _: self._renewals.pop(key, None))
        return await asyncio.shield(running)

    async def _renew_only(self, app: App, user: User) -> Session | None:
        await asyncio.sleep(_GATHER_SEC)
        is_renewed = False

        def alter(fresh: User) -> bool:
            nonlocal is_renewed
            is_renewed = fresh.active and fresh.token_secret == user.token_secret
            if is_renewed:
                fresh.token_secret = new_token_secret()
            return is_renewed

        current = await self._users.change(app, user.id, alter)
        return self._issued(app, current) if current is not None and is_renewed else None

    async def end_all(self, app: App, userid: str) -> None:
        """End all tokens of a user."""

        def alter(fresh: User) -> None:
            fresh.token_secret = new_token_secret()

        await self._users.change(app, userid, alter)

    def validity_sec(self, app: App) -> int:
        """Return for how many seconds the tokens of an app are valid."""
        usual = self._settings.jwt_expires_after
        return validity_of(app.settings, app.token_validity_sec, usual)

    def id_token(self, app: App, user: User) -> str | None:
        """Return a short-lived token that tells who a user is; it ends no session."""
        email, picture = user.email or "", user.picture or picture_of(user.email)
        profile = Profile(user.name or "", email, user.identifier or "", picture)
        validity_sec = self._settings.id_token_expires_after
        return issue_id_token(app, user, profile, self.now(), validity_sec=validity_sec)

    def _issued(self, app: App, user: User) -> Session | None:
        times = (self.validity_sec(app), self._settings.jwt_refresh_interval)
        provider = identity_provider(user.identifier)
        token = issue_user_token(app, user, provider, self.now(), validity=times)
        return None if token is None else Session(token, user)

    def _is_only_session(self, app: App) -> bool:
        value = self._lookup.of(app).text("security.one_session_per_user", "true")
        return value.lower() == "true"

    def now(self) -> float:
        """Return seconds since the Unix epoch."""
        return self._clock() / 1000
