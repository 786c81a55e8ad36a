"""Signing in by the word of the app: a JSON Web Token that it, or this server, has signed.

Only the app vouches for people. An ID token of this server tells who has signed in already, with
what the user says of itself; so it brings back that user as it is stored, and changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.contracts.signin import Profile, SignInError
from para_core.objects import App, User
from para_server.services.users import TakenError
from para_server.signin.accounts import NOT_CREATED
from para_server.signin.base import Presented, Way

if TYPE_CHECKING:
    from para_server.access.tokens import Token, TokenVerifier
    from para_server.services.container import Clock
    from para_server.services.users import Users
    from para_server.signin.accounts import Accounts
    from para_server.signin.settings import SettingsLookup
    from para_server.signin.visit import BrowserVisit

__all__ = ["PATH", "PasswordlessWay"]

PATH = "/passwordless_auth"


class PasswordlessWay(Way):
    """Trusts a token of the app's own key, or an ID token that this server has issued."""

    names = ("passwordless",)
    paths = (PATH,)
    title = "Passwordless"

    def __init__(
        self,
        users: Users,
        accounts: Accounts,
        tokens: TokenVerifier,
        settings: SettingsLookup,
        *,
        clock: Clock,
    ) -> None:
        self._users, self._accounts, self._tokens = users, accounts, tokens
        self._settings, self._clock = settings, clock

    async def user_of(self, app: App, presented: Presented) -> User:
        """Return the active user whom a token describes; see ``Way``."""
        raw = presented.token.strip().encode("utf-8", "replace")
        token = self._tokens.read(raw)
        if token is None:
            raise SignInError(reason="the token cannot be read")
        profile = _profile(token)
        if self._is_signed(raw, token, self._key(app)):
            return await self._vouched(app, profile)
        return await self._known(app, raw, token, profile.identifier)

    async def _vouched(self, app: App, profile: Profile) -> User:
        try:
            return await self._accounts.user_of(app, profile, is_vouched=True)
        except TakenError as error:
            raise SignInError(NOT_CREATED, reason=f"{error} is somebody else's") from error

    async def _known(self, app: App, raw: bytes, token: Token, identifier: str) -> User:
        """Return the user whose own key has signed an ID token, as it is stored."""
        user = await self._users.by_identifier(app, identifier)
        if user is None or user.id != token.subject or not app.secret or not user.token_secret:
            raise SignInError(reason="the token is not signed by the app, and no ID token")
        if not self._is_signed(raw, token, app.secret + user.token_secret):
            raise SignInError(reason="the token is signed by no key, or not valid now")
        if not user.active:
            raise SignInError(reason="the user is not active")
        return user

    async def finish(self, visit: BrowserVisit) -> User:
        """Return the active user whom the token in the address describes; see ``Way``."""
        if visit.app is None:
            raise SignInError(reason="there is no such app")
        token = visit.param("token") or visit.param("jwt")
        return await self.user_of(visit.app, Presented(token))

    def _key(self, app: App) -> str:
        """Return the key with which an app vouches; blank when it has none."""
        return self._settings.of(app).text("app_secret_key").strip() or app.secret or ""

    def _is_signed(self, raw: bytes, token: Token, key: str) -> bool:
        return bool(key) and self._tokens.check(raw, token, key, self._clock() / 1000)


def _profile(token: Token) -> Profile:
    def text(name: str) -> str:
        value = token.claims.get(name)
        return value.strip() if isinstance(value, str) else ""

    if not text("identifier"):
        raise SignInError(reason="the token names no identifier")
    return Profile(
        identifier=text("identifier"),
        email=text("email"),
        email_is_verified=True,
        name=text("name"),
        fallback_name="",
        picture=text("picture") or None,
        groups=text("groups"),
    )
