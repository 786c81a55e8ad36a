"""Users whose sessions last as long as their provider says.

An app may leave that decision to a provider: then each request with a token of such a user asks it
whether the tokens it gave are still worth something. Requests that come together ask once, and the
answer holds for some seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from para_core.contracts.signin import IdpTokens, SignIn
from para_core.objects import App, User
from para_server.access.bounded import BoundedDict

if TYPE_CHECKING:
    from para_server.services.container import Clock
    from para_server.services.users import Users
    from para_server.signin.settings import SettingsLookup

__all__ = ["Delegation"]

logger = logging.getLogger(__name__)

_HOLDS_MS = 10_000
_CAPACITY = 4096


class Delegation:
    """Asks providers about the users they vouched for."""

    def __init__(
        self,
        users: Users,
        providers: Sequence[SignIn],
        lookup: SettingsLookup,
        *,
        clock: Clock,
    ) -> None:
        # Those that never delegate are not asked, so that requests of their users cost nothing.
        self._providers = [p for p in providers if type(p).delegates is not SignIn.delegates]
        self._users, self._lookup, self._clock = users, lookup, clock
        self._answers: BoundedDict[bytes, tuple[int, bool]] = BoundedDict(_CAPACITY)
        self._asking: dict[bytes, asyncio.Task[bool]] = {}

    @property
    def is_needed(self) -> bool:
        """Whether any provider can decide about sessions."""
        return bool(self._providers)

    async def is_valid(self, app: App, user: User) -> bool:
        """Tell whether the sessions of a user go on; true for whom no provider decides."""
        settings, identifier = self._lookup.of(app), user.identifier or ""
        provider = next((p for p in self._providers if p.delegates(settings, identifier)), None)
        if provider is None:
            return True
        key = _key(app, user, user.idp_access_token)
        known = self._answers.get(key)
        if known is not None and known[0] > self._clock():
            return known[1]
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(provider, app, user))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def _ask(self, provider: SignIn, app: App, user: User) -> bool:
        held = IdpTokens(user.idp_access_token, user.idp_refresh_token, user.idp_id_token)
        identifier = user.identifier or ""
        try:
            now = await provider.renew(self._lookup.of(app), identifier, held)
        except Exception:  # who cannot be asked does not vouch
            logger.warning("a provider cannot be asked", exc_info=True)
            now = None
        if now is not None and now != held:
            await self._keep(app, user, now)
        key = _key(app, user, now.access if now is not None else held.access)
        self._answers.remember(key, (self._clock() + _HOLDS_MS, now is not None))
        return now is not None

    async def _keep(self, app: App, user: User, tokens: IdpTokens) -> None:
        def alter(fresh: User) -> bool:
            if fresh.idp_access_token != user.idp_access_token:
                return False  # the user has signed in again meanwhile
            fresh.idp_access_token = tokens.access
            fresh.idp_refresh_token = tokens.refresh
            fresh.idp_id_token = tokens.id
            return True

        await self._users.change(app, user.id, alter)


def _key(app: App, user: User, token: str | None) -> bytes:
    """Return what an answer is kept by; a token itself may be as large as an object."""
    text = msgspec.json.encode((app.identifier, user.id, token))
    return hashlib.sha256(text).digest()
