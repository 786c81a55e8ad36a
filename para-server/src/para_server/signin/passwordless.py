"""Signing in by the word of the app: a JSON Web Token that it, or this server, has signed.

Only the app vouches for people. An ID token of this server tells who has signed in already, with
what the user says of itself; so it brings back that user as it is stored, and changes nothing.

An ID token signs in once, and so does a token of the app that is for once; see ``once``. It is used
up last: what is refused, for whatever reason, can be shown again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.contracts.signin import Profile, SignInError
from para_core.objects import App, User
from para_server.http.answers import AnswerError
from para_server.services.users import TakenError
from para_server.signin.accounts import NOT_CREATED
from para_server.signin.base import Presented, Way
from para_server.signin.once import is_for_once, ticket_of
from para_server.signin.targets import origin_of

if TYPE_CHECKING:
    from para_server.access.tokens import Token, TokenVerifier
    from para_server.services.container import Clock
    from para_server.services.users import Users
    from para_server.signin.accounts import Accounts
    from para_server.signin.once import Once
    from para_server.signin.settings import SettingsLookup
    from para_server.signin.visit import BrowserVisit

__all__ = ["PATH", "PasswordlessWay", "place_of"]

PATH = "/passwordless_auth"

_NOT_ABSOLUTE = (
    "Passwordless authentication failed for app '{}', reason: redirect URL must be absolute."
)


def place_of(visit: BrowserVisit, usual: str) -> str:
    """Return where a browser goes with its cookie; blank when the token is the answer.

    Args:
        visit: To an app.
        usual: Where those go whose app says nothing (``para.security.returnto``).

    Raises:
        AnswerError: 400, when that is no absolute address.
    """
    if visit.param("redirect") == "false":
        return ""
    place = visit.settings.own_text("returnto") or usual
    if not origin_of(place):
        raise AnswerError(400, _NOT_ABSOLUTE.format(visit.app.id if visit.app is not None else ""))
    return place


class PasswordlessWay(Way):
    """Trusts a token of the app's own key, or an ID token that this server has issued."""

    names = ("passwordless",)
    paths = (PATH,)
    title = "Passwordless"

    def __init__(  # noqa: PLR0913 - the collaborators of one service
        self,
        users: Users,
        accounts: Accounts,
        tokens: TokenVerifier,
        settings: SettingsLookup,
        once: Once,
        *,
        returnto: str,
        clock: Clock,
    ) -> None:
        self._users, self._accounts, self._tokens = users, accounts, tokens
        self._settings, self._once, self._clock = settings, once, clock
        self._returnto = returnto

    async def user_of(self, app: App, presented: Presented) -> User:
        """Return the active user whom a token describes; see ``Way``."""
        return await self._user_of(app, presented.token)

    async def finish(self, visit: BrowserVisit) -> User:
        """Return the active user whom the token in the address describes; see ``Way``.

        Raises:
            SignInError: See ``Way``.
            AnswerError: 400, when there is nowhere to go.
        """
        if visit.app is None:
            raise SignInError(reason="there is no such app")
        return await self._user_of(visit.app, visit.param("token") or visit.param("jwt"), visit)

    async def _user_of(self, app: App, text: str, visit: BrowserVisit | None = None) -> User:
        raw = text.strip().encode("utf-8", "replace")
        token = self._tokens.read(raw)
        if token is None:
            raise SignInError(reason="the token cannot be read")
        profile = _profile(token)
        is_vouched = self._is_signed(raw, token, self._key(app))
        known = None if is_vouched else await self._known(app, raw, token, profile.identifier)
        if visit is not None:
            place_of(visit, self._returnto)

        async def find() -> User:
            return known or await self._vouched(app, profile)

        if known is None and not is_for_once(token, self._clock() / 1000):
            return await find()
        return await self._once.admit(app, profile.identifier, ticket_of(raw, token), find)

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
