"""Signing in by the word of the app: a JSON Web Token that it, or this server, has signed."""

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
        known = await self._users.by_identifier(app, profile.identifier)
        if not any(self._is_signed(raw, token, key) for key in self._keys(app, known)):
            raise SignInError(reason="the token is not signed by the app, or not valid now")
        try:
            return await self._accounts.user_of(app, profile, is_vouched=True)
        except TakenError as error:
            raise SignInError(NOT_CREATED, reason=f"{error} is somebody else's") from error

    async def finish(self, visit: BrowserVisit) -> User:
        """Return the active user whom the token in the address describes; see ``Way``."""
        if visit.app is None:
            raise SignInError(reason="there is no such app")
        token = visit.param("token") or visit.param("jwt")
        return await self.user_of(visit.app, Presented(token))

    def _keys(self, app: App, known: User | None) -> list[str]:
        """Return the keys a token may be signed with; never a part of one."""
        secret = app.secret or ""
        keys = [self._settings.of(app).text("app_secret_key").strip() or secret]
        if secret and known is not None and known.token_secret:
            keys.append(secret + known.token_secret)
        return [key for key in keys if key]

    def _is_signed(self, raw: bytes, token: Token, key: str) -> bool:
        return self._tokens.check(raw, token, key, self._clock() / 1000)


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
