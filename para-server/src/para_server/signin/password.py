"""Signing in with an address and a password: ``email:name:password``, or a form.

Nothing of what is stored changes before the password was right, but the count of wrong ones. An
account that is not there costs the same time and gets the same answers as one that is; see
``locks`` for what is told of too many tries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.contracts.signin import SignInError
from para_core.errors import InvalidObjectError
from para_core.objects import App, Sysprop, User
from para_core.objects.rules import default_name, settle
from para_core.text import is_blank, picture_of
from para_server.services.users import TakenError, Users
from para_server.services.validation import validate
from para_server.signin.base import Presented, Way
from para_server.signin.passwords import PasswordChecker, is_usable

if TYPE_CHECKING:
    from para_core.ids import IdGenerator
    from para_server.services.container import Clock
    from para_server.signin.account_mail import AccountMail
    from para_server.signin.locks import Locks
    from para_server.signin.policy import SignInPolicy
    from para_server.signin.twofactor import TwoFactor
    from para_server.signin.visit import BrowserVisit

__all__ = ["PasswordWay"]

_PARTS = 3


class PasswordWay(Way):
    """Finds the user of an address and a password, or makes one at the first time."""

    names = ("password", "generic")
    paths = ("/password_auth",)
    title = "Password"

    def __init__(  # noqa: PLR0913 - the collaborators of one service
        self,
        users: Users,
        checker: PasswordChecker,
        two_factor: TwoFactor,
        locks: Locks,
        policy: SignInPolicy,
        *,
        mail: AccountMail,
        ids: IdGenerator,
        clock: Clock,
    ) -> None:
        self._users, self._checker = users, checker
        self._two_factor, self._locks, self._policy = two_factor, locks, policy
        self._mail, self._ids, self._clock = mail, ids, clock

    async def user_of(self, app: App, presented: Presented) -> User:
        """Return the active user; see ``Way``."""
        parts = presented.token.split(self._policy.separator, _PARTS - 1)
        if len(parts) < _PARTS or is_blank(parts[0]):
            raise SignInError(reason="the token is not email:name:password")
        email, name, password = parts[0].strip().lower(), parts[1], parts[2]
        known = await self._users.identifier(app, email)
        if known is not None:
            return await self._sign_in(app, known, password, presented)
        if await self._users.by_email(app, email) is not None or not self._is_usable(password):
            raise await self._no_account(app, email, password)
        await presented.before_sign_up()
        user = await self._sign_up(app, email, name, password)
        if not user.active:
            self._mail.confirm_soon(app, email)
            raise SignInError(reason="the new user has to be activated first")
        return user

    async def finish(self, visit: BrowserVisit) -> User:
        """Return the active user who filled in the form; see ``Way``."""
        email, password = visit.param("email").strip().lower(), visit.param("password")
        app, known = visit.app, None
        if app is not None and "@" in email:
            known = await self._users.identifier(app, email)
        if app is None:
            await self._checker.check(password, None)
            raise SignInError(reason="no such app")
        if known is None:
            raise await self._no_account(app, email, password)
        return await self._sign_in(app, known, password, Presented("", visit.param("code")))

    async def _no_account(self, app: App, email: str, password: str) -> SignInError:
        """Return the refusal of an address, as late as if it had an account."""
        await self._checker.check(password, None)
        is_try = not is_blank(password)
        return await self._locks.refusal(app, email, "there is no such account", is_try=is_try)

    # ---- known accounts -----------------------------------------------------------------------

    async def _sign_in(self, app: App, known: Sysprop, password: str, presented: Presented) -> User:
        hashed = known.properties.get("password")
        matches = await self._checker.check(password, hashed if isinstance(hashed, str) else None)
        is_locked, is_try = self._locks.is_locked(known), not is_blank(password)
        if is_locked or not matches:
            if is_try:
                await self._users.change_identifier(app, known.id, self._locks.fail)
            reason = "the account is locked" if is_locked else "the password is wrong"
            raise await self._locks.refusal(app, known.id, reason, is_try=is_try)
        user = await self._users.find(app, known.creatorid or "")
        if user is None:
            raise SignInError(reason="the user of the identifier is gone")
        if not user.active:
            message = f"Account {user.id} ({app.identifier}/{known.id}) is locked."
            raise SignInError(message, reason="the user is not active")
        await self._check_second_factor(app, user, known, presented)
        await self._succeed(app, known, password)
        return await self._make_main(app, user, known.id)

    async def _check_second_factor(
        self, app: App, user: User, known: Sysprop, presented: Presented
    ) -> None:
        """Ask for a code; an app that signed the request and shows none asks its user itself."""
        if not self._two_factor.is_on(user) or (presented.is_signed and not presented.code):
            return
        try:
            await self._two_factor.check(app, user, presented.code)
        except SignInError:
            if presented.code.strip():
                await self._users.change_identifier(app, known.id, self._locks.fail)
                await self._locks.count(app, known.id)
            raise

    async def _succeed(self, app: App, known: Sysprop, password: str) -> None:
        """Clear the count of failures, unless parallel ones have locked the account meanwhile.

        The password was checked for as long as it takes; so it has to be the stored one still.
        """
        hashed, renewed = known.properties.get("password"), ""
        if isinstance(hashed, str) and self._checker.is_outdated(hashed):
            renewed = await self._checker.hash(password)
        is_locked = is_same = False

        def alter(fresh: Sysprop) -> bool:
            nonlocal is_locked, is_same
            is_locked = self._locks.is_locked(fresh)
            is_same = fresh.properties.get("password") == hashed
            is_same = is_same and fresh.creatorid == known.creatorid
            if is_locked or not is_same:
                return False
            had = fresh.properties.pop("lockedUntil", None) is not None or fresh.votes != 0
            fresh.votes = 0
            if renewed:
                fresh.properties["password"] = renewed
                had = True
            return had

        fresh = await self._users.change_identifier(app, known.id, alter)
        if is_locked:
            reason = "the account is locked"
            raise await self._locks.refusal(app, known.id, reason, is_try=True)
        if not is_same:
            await self._check_again(known, fresh, password)

    async def _check_again(self, known: Sysprop, fresh: Sysprop | None, password: str) -> None:
        """Accept a password of which another sign-in has renewed the hash just now."""
        if fresh is None or fresh.creatorid != known.creatorid:
            raise SignInError(reason="the identifier is not the user's any more")
        hashed = fresh.properties.get("password")
        if not isinstance(hashed, str) or not await self._checker.check(password, hashed):
            raise SignInError(reason="the password has ended meanwhile")

    async def _make_main(self, app: App, user: User, identifier: str) -> User:
        """Make the identifier that was used the main one of its user."""

        def alter(fresh: User) -> bool:
            is_other = fresh.identifier != identifier
            fresh.identifier = identifier
            return is_other

        if user.identifier == identifier:
            return user
        return await self._users.change(app, user.id, alter) or user

    # ---- new accounts -------------------------------------------------------------------------

    async def _sign_up(self, app: App, email: str, name: str, password: str) -> User:
        is_active = self._users.allows_unverified(app)
        user = User(id=self._ids.next(), identifier=email, email=email, appid=app.identifier)
        user.name = name.strip() or None
        user.picture, user.active, user.verified_email = picture_of(email), is_active, ""
        user.timestamp = self._clock()
        settle(user)
        user.name = user.name or default_name(user)
        try:
            validate(user, app, self._clock())
            hashed = await self._checker.hash(password)
            return await self._users.create(app, user, password=hashed)
        except (InvalidObjectError, TakenError) as error:
            raise SignInError(reason="the account cannot be made") from error

    def _is_usable(self, password: str) -> bool:
        return is_usable(password, shortest=self._policy.min_password_length)
