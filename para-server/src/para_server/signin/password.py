"""Signing in with an address and a password: ``email:name:password``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.errors import InvalidObjectError
from para_core.objects import App, Sysprop, User
from para_core.objects.rules import default_name, settle
from para_core.text import picture_of
from para_server.services.users import TakenError, Users
from para_server.services.validation import validate
from para_server.signin.passwords import PasswordChecker, is_usable

if TYPE_CHECKING:
    from para_core.ids import IdGenerator
    from para_server.services.container import Clock

__all__ = ["PasswordSignIn", "SignInError"]

_PARTS = 3
_HOUR_MS = 3_600_000


class SignInError(Exception):
    """Signing in failed; the message is for the log."""


class PasswordSignIn:
    """Finds the user of an address and a password, or makes one at the first time."""

    def __init__(
        self,
        users: Users,
        checker: PasswordChecker,
        *,
        ids: IdGenerator,
        clock: Clock,
        allows_unverified: bool = False,
        shortest: int = 8,
        most_failures: int = 20,
        lock_hours: int = 1,
        separator: str = ":",
    ) -> None:
        self._users, self._checker = users, checker
        self._ids, self._clock = ids, clock
        self._allows_unverified, self._shortest = allows_unverified, shortest
        self._most_failures, self._lock_ms = most_failures, lock_hours * _HOUR_MS
        self._separator = separator

    async def user_of(self, app: App, token: str) -> User | None:
        """Return the user, active or not.

        Raises:
            SignInError: The password is wrong, the account is locked, or none can be made.
        """
        parts = token.split(self._separator, _PARTS - 1)
        if len(parts) < _PARTS or not parts[0].strip():
            message = "the token is not email:name:password"
            raise SignInError(message)
        email, name, password = parts[0].strip().lower(), parts[1], parts[2]
        known = await self._users.identifier(app, email)
        if known is None:
            taken = await self._users.by_email(app, email)
            await self._checker.check(password, None)  # as long as for a known account
            if taken is not None:
                message = "the address belongs to an account without a password"
                raise SignInError(message)
            return await self._sign_up(app, email, name, password)
        await self._check(app, known, password)
        return await self._users.find(app, known.creatorid or "")

    async def _check(self, app: App, known: Sysprop, password: str) -> None:
        locked_until = known.properties.get("lockedUntil")
        hashed = known.properties.get("password")
        matches = await self._checker.check(password, hashed if isinstance(hashed, str) else None)
        if isinstance(locked_until, int) and locked_until > self._clock():
            message = "the account is locked"
            raise SignInError(message)
        if matches:
            await self._users.change_identifier(app, known.id, _succeeded)
            return
        await self._users.change_identifier(app, known.id, self._failed)
        message = "the password is wrong"
        raise SignInError(message)

    def _failed(self, known: Sysprop) -> None:
        if known.properties.pop("lockedUntil", None) is not None:
            known.votes = 0
        known.votes += 1
        if known.votes >= self._most_failures:
            known.properties["lockedUntil"] = self._clock() + self._lock_ms

    async def _sign_up(self, app: App, email: str, name: str, password: str) -> User:
        if not is_usable(password, shortest=self._shortest):
            message = "the password is too short or too long"
            raise SignInError(message)
        user = User(id=self._ids.next(), identifier=email, email=email, appid=app.identifier)
        user.name = name.strip() or None
        user.picture = picture_of(email)
        user.active = self._is_trusted(app)
        user.timestamp = self._clock()
        settle(user)
        user.name = user.name or default_name(user)
        try:
            validate(user, app, self._clock())
            hashed = await self._checker.hash(password)
            return await self._users.create(app, user, password=hashed)
        except (InvalidObjectError, TakenError) as error:
            message = "the account cannot be made"
            raise SignInError(message) from error

    def _is_trusted(self, app: App) -> bool:
        value = app.settings.get("security.allow_unverified_emails")
        if value is None:
            return self._allows_unverified
        return str(value).lower() == "true"


def _succeeded(known: Sysprop) -> bool:
    had = known.properties.pop("lockedUntil", None) is not None or known.votes != 0
    known.votes = 0
    return had
