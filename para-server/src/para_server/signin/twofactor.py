"""The second factor of users who have switched it on: a one-time code, or a recovery code.

The user holds the key of the codes (``twoFAkey``) and hashes of recovery codes
(``twoFAbackupKeyHash``, several separated by blanks). Each code works once, however many try it at
the same time: it is used up in the same step that compares the user with what was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.contracts.signin import SignInError
from para_server.signin.totp import matching_step

if TYPE_CHECKING:
    from para_core.objects import App, User
    from para_server.services.container import Clock
    from para_server.services.users import Users
    from para_server.signin.passwords import PasswordChecker

__all__ = ["CODE_NEEDED", "TwoFactor"]

CODE_NEEDED = "A two-factor code is needed."
_LONGEST = 72  # characters of a recovery code
_MOST_HASHES = 10  # recovery codes that are tried; each check costs a quarter of a second


class TwoFactor:
    """Checks second factors."""

    def __init__(self, users: Users, checker: PasswordChecker, *, clock: Clock) -> None:
        self._users, self._checker, self._clock = users, checker, clock

    def is_on(self, user: User) -> bool:
        """Tell whether a user has to show a second factor."""
        return user.two_fa and bool((user.two_fa_key or "").strip())

    async def check(self, app: App, user: User, code: str) -> None:
        """Use up a code of a user.

        Raises:
            SignInError: It is none, or was used before.
        """
        typed = code.strip()
        if not typed:
            raise SignInError(CODE_NEEDED)
        if not (await self._use_step(app, user, typed) or await self._use_hash(app, user, typed)):
            raise SignInError(reason="the two-factor code is wrong or was used before")

    async def _use_step(self, app: App, user: User, code: str) -> bool:
        is_used = False

        def alter(fresh: User) -> bool:
            nonlocal is_used
            now_sec = self._clock() // 1000
            step = matching_step(fresh.two_fa_key or "", code, now_sec, after=fresh.two_fa_step)
            is_used = step is not None
            fresh.two_fa_step = step if step is not None else fresh.two_fa_step
            return is_used

        await self._users.change(app, user.id, alter)
        return is_used

    async def _use_hash(self, app: App, user: User, code: str) -> bool:
        hashes = (user.two_fa_backup_key_hash or "").split()
        if len(code) > _LONGEST:
            return False
        for hashed in hashes[:_MOST_HASHES]:
            if await self._checker.check(code, hashed):
                return await self._drop(app, user, hashed)
        return False

    async def _drop(self, app: App, user: User, hashed: str) -> bool:
        is_used = False

        def alter(fresh: User) -> bool:
            nonlocal is_used
            left = (fresh.two_fa_backup_key_hash or "").split()
            is_used = hashed in left
            if is_used:
                left.remove(hashed)
                fresh.two_fa_backup_key_hash = " ".join(left) or None
            return is_used

        await self._users.change(app, user.id, alter)
        return is_used
