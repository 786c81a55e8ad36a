"""Locks: what wrong passwords do to one account, and what is told of it.

Two counts are kept. That of the account is stored with its identifier, outlives the server, and
refuses the right password as well. The other is kept in the cache for every address that somebody
tries, whether it has an account or not, and it alone decides what a refusal says. So an answer
shows what was tried, and never whether there is an account that is locked by it, or one that its
owner signs in to meanwhile. What is told can differ from what holds: a refusal says no more than
``Bad credentials.`` when the cache has forgotten, and still speaks of a lock when the app has
lifted it, or after many wrong passwords with right ones between them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from para_core.contracts.signin import SignInError

if TYPE_CHECKING:
    from para_core.contracts.cache import Cache
    from para_core.objects import App, Sysprop
    from para_server.services.container import Clock
    from para_server.signin.policy import SignInPolicy

__all__ = ["Locks"]


class Locks:
    """Counts wrong passwords by account."""

    def __init__(self, cache: Cache, policy: SignInPolicy, *, clock: Clock) -> None:
        self._cache, self._policy, self._clock = cache, policy, clock

    # ---- what holds ---------------------------------------------------------------------------

    def is_locked(self, known: Sysprop) -> bool:
        """Tell whether an account refuses any password for now."""
        until = known.properties.get("lockedUntil")
        return isinstance(until, int | float) and until > self._clock()

    def fail(self, known: Sysprop) -> bool:
        """Count a failure on the stored identifier; false when it is locked already."""
        if self.is_locked(known):
            return False
        if known.properties.pop("lockedUntil", None) is not None:
            known.votes = 0  # a lock has ended
        known.votes += 1
        if known.votes >= self._policy.most_failures:
            known.properties["lockedUntil"] = self._clock() + self._policy.lock_sec * 1000
        return True

    # ---- what is told -------------------------------------------------------------------------

    async def refusal(self, app: App, email: str, reason: str, *, is_try: bool) -> SignInError:
        """Return what a try that was refused is answered, whether there is an account or not.

        Args:
            app: The app.
            email: The address, in small letters.
            reason: For the log.
            is_try: Whether it counts; a blank password does not.
        """
        is_told = await self._cache.value(app.identifier, _name("told", email)) is not None
        if is_told or (is_try and await self.count(app, email)):
            message = f"Too many attempts - account null ({app.identifier}/{email}) is locked."
            return SignInError(message, reason=reason)
        return SignInError(reason=reason)

    async def count(self, app: App, email: str) -> bool:
        """Count a failure with an address; true when it is one more than lock an account.

        The counter ends a lock's time after its first failure, so before the lock that it tells of.
        """
        ttl_sec, most = self._policy.lock_sec, self._policy.most_failures
        if ttl_sec <= 0:
            return False
        tries = _name("tries", email)
        count = await self._cache.increment(app.identifier, tries, ttl_sec=ttl_sec)
        if count == most:
            told = _name("told", email)
            await self._cache.put_value(app.identifier, told, value=True, ttl_sec=ttl_sec)
        return count > most


def _name(what: str, email: str) -> str:
    """Return a name in the cache that is as long for every address."""
    return f"{what}:{hashlib.sha256(email.encode('utf-8', 'surrogatepass')).hexdigest()}"
