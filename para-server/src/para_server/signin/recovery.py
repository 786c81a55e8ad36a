"""Confirming an address, and setting a new password by a token that was mailed to it.

There is no path for this over HTTP: programs do the same by writing the identifier object, and
those that have Para inside call this. Tokens work once, however many try them at the same time:
they are removed in the same step that compares the identifier object with what was read.

Each token lives from when it was made, whatever happens to the identifier object meanwhile. A token
that a program has stored itself lives from the last change of the object that shows in ``updated``;
nothing here is such a change.
Source: Para 1.54, ``User``: ``generatePasswordResetToken``, ``resetPassword`` and others.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from para_core.text import base64_url_encode
from para_server.access.issuing import new_token_secret
from para_server.signin.passwords import is_usable

if TYPE_CHECKING:
    from para_core.objects import App, Sysprop, User
    from para_server.services.container import Clock
    from para_server.services.users import Users
    from para_server.signin.limits import Limits
    from para_server.signin.passwords import PasswordChecker
    from para_server.signin.policy import SignInPolicy

__all__ = ["EMAIL_TOKEN", "RESET_TOKEN", "Recovery"]

RESET_TOKEN, EMAIL_TOKEN = "token", "etoken"
_TOKEN_BYTES = 42
_ISSUED = "Issued"  # tokenIssued, etokenIssued: when the token was made, and a mark of that token
_MARK = 16  # hexadecimal digits

Alter: TypeAlias = "Callable[[Sysprop], None]"


class Recovery:
    """Makes and takes tokens of identifier objects."""

    def __init__(
        self,
        users: Users,
        checker: PasswordChecker,
        limits: Limits,
        policy: SignInPolicy,
        *,
        clock: Clock,
    ) -> None:
        self._users, self._checker, self._limits = users, checker, limits
        self._policy, self._clock = policy, clock

    async def new_reset_token(self, app: App, identifier: str) -> str:
        """Return a token that allows one new password; blank when nobody has the identifier.

        An older one is worth nothing any more.
        """
        return await self._new_token(app, identifier, RESET_TOKEN)

    async def new_email_token(self, app: App, identifier: str) -> str:
        """Return a token that confirms the address once; blank when nobody has the identifier."""
        return await self._new_token(app, identifier, EMAIL_TOKEN)

    async def reset_password(self, app: App, identifier: str, token: str, password: str) -> bool:
        """Set a new password by a token, and end all sessions of the user.

        Returns:
            ``False`` when the token is not the one, is too old, or was used; or when the password
            cannot be one. The token stays valid in the last case.

        Raises:
            AnswerError: 429, when too many tokens were tried for this identifier.
        """
        await self._limits.reset(app, identifier)
        if not is_usable(password, shortest=self._policy.min_password_length):
            return False
        known = await self._users.identifier(app, identifier)
        if known is None or not self._is_good(known, RESET_TOKEN, token):
            return False
        hashed = await self._checker.hash(password)

        def alter(fresh: Sysprop) -> None:
            fresh.properties["password"] = hashed
            fresh.properties.pop("lockedUntil", None)
            fresh.votes = 0

        if not await self._use(app, identifier, RESET_TOKEN, token, alter):
            return False

        def end_sessions(user: User) -> None:
            user.token_secret = new_token_secret()

        await self._users.change(app, known.creatorid or "", end_sessions)
        return True

    async def activate(self, app: App, identifier: str, token: str) -> bool:
        """Activate the user whose address a token confirms; ``False`` when it is not the one.

        Raises:
            AnswerError: 429, as above.
        """
        await self._limits.reset(app, identifier)
        known = await self._users.identifier(app, identifier)
        if known is None or not await self._use(app, identifier, EMAIL_TOKEN, token):
            return False

        def confirm(user: User) -> None:
            user.active = True
            if user.email == identifier.lower():
                user.verified_email = user.email

        return await self._users.change(app, known.creatorid or "", confirm) is not None

    async def _new_token(self, app: App, identifier: str, name: str) -> str:
        token = base64_url_encode(secrets.token_bytes(_TOKEN_BYTES))

        def alter(fresh: Sysprop) -> None:
            fresh.properties[name] = token
            fresh.properties[name + _ISSUED] = f"{self._clock()} {_mark_of(token)}"

        known = await self._users.identifier(app, identifier)
        if known is None:
            return ""
        return token if await self._users.change_identifier(app, identifier, alter) else ""

    async def _use(
        self, app: App, identifier: str, name: str, token: str, alter: Alter | None = None
    ) -> bool:
        """Take a token away, if it is the one, and alter the identifier object with it."""
        is_used = False

        def take(fresh: Sysprop) -> bool:
            nonlocal is_used
            is_used = self._is_good(fresh, name, token)
            if is_used:
                fresh.properties.pop(name)
                fresh.properties.pop(name + _ISSUED, None)
                if alter is not None:
                    alter(fresh)
            return is_used

        await self._users.change_identifier(app, identifier, take)
        return is_used

    def _is_good(self, known: Sysprop, name: str, token: str) -> bool:
        stored = known.properties.get(name)
        if not isinstance(stored, str) or not stored.strip() or not token.strip():
            return False
        lives_ms = self._policy.reset_timeout_sec * 1000
        is_fresh = _made_ms(known, name, stored) + lives_ms > self._clock()
        return hmac.compare_digest(stored.encode(), token.encode()) and is_fresh


def _made_ms(known: Sysprop, name: str, stored: str) -> int:
    """Return when the stored token was made; see above for one that a program stored."""
    time, _, mark = str(known.properties.get(name + _ISSUED, "")).partition(" ")
    if mark == _mark_of(stored) and time.isdecimal():
        return int(time)
    return known.updated or known.timestamp or 0


def _mark_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:_MARK]
