"""What signs in once: its use is written down where the credentials of its user are.

The identifier object of the user keeps ``usedSignIns``: a mark of each token that was used, and the
time until which that would work. It is compared and stored in one step, so of many who show a token
at the same time one gets in, whichever process each of them reaches, and a restart forgets nothing.
Whoever deletes the identifier object deletes the memory. A token is known by what was signed, not
by its spelling.

The list stays short. Tokens that have ended leave it; of more than a hundred that have not, those
that end first leave it, and every token that ends until then counts as used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from para_core.contracts.signin import SignInError

if TYPE_CHECKING:
    from para_core.contracts.signin import Profile
    from para_core.objects import App, Sysprop
    from para_server.access.tokens import Token
    from para_server.services.container import Clock
    from para_server.services.users import Users

__all__ = ["USED", "Once", "Ticket", "is_for_once", "ticket_in", "ticket_of"]

T = TypeVar("T")

USED = "usedSignIns"

_LONGEST_SEC = 86_400  # of a token that is for once without a number
_SPARE_SEC = 60  # clocks of processes may differ
_MOST = 100
_LAST_SEC = 253_402_300_799  # the end of the year 9999
_MARK = 32  # hexadecimal digits
_WAS_USED = "what was shown was used before"
_ALL = "*"  # the mark of all tokens that end until then


@dataclass(frozen=True, slots=True)
class Ticket:
    """A token or another proof, as it is written down.

    Attributes:
        mark: Tells it from others.
        ends: Seconds since the epoch; it does not work any more then.
    """

    mark: str
    ends: int


def ticket_of(raw: bytes, token: Token) -> Ticket:
    """Return what is written down of a token that was verified.

    Args:
        raw: The token as sent.
        token: What it says.
    """
    signed = raw.rpartition(b".")[0]
    return _ticket(signed, token.expires or 0)


def ticket_in(profile: Profile) -> Ticket | None:
    """Return what is written down of what a provider was shown; ``None`` for nothing."""
    if not profile.proof:
        return None
    return _ticket(profile.proof.encode("utf-8", "surrogatepass"), profile.proof_ends_ms / 1000)


def is_for_once(token: Token, now: float) -> bool:
    """Tell whether a token of an app is a link for once, and no standing proof.

    It is when it has a number (``jti``), or is made for a day at most.
    """
    if token.claims.get("jti") not in (None, ""):
        return True
    issued = token.claims.get("iat")
    begins = issued if isinstance(issued, int | float) else token.not_before or now
    return (token.expires or 0) - begins <= _LONGEST_SEC


def _ticket(text: bytes, ends: float) -> Ticket:
    return Ticket(hashlib.sha256(text).hexdigest()[:_MARK], int(min(ends, _LAST_SEC)) + 1)


class Once:
    """Uses tickets up. What they are of has to be verified before."""

    def __init__(self, users: Users, *, clock: Clock) -> None:
        self._users, self._clock = users, clock

    async def admit(
        self, app: App, identifier: str, ticket: Ticket, find: Callable[[], Awaitable[T]]
    ) -> T:
        """Return whom a ticket lets in, and use it up when that is known.

        Args:
            app: The app.
            identifier: Of whom it lets in.
            ticket: The ticket.
            find: Finds or makes the user. Not called for a ticket that was used, whose profile may
                be outdated.

        Raises:
            SignInError: The ticket was used before, or what ``find`` raises.
        """
        if await self.is_used(app, identifier, ticket):
            raise SignInError(reason=_WAS_USED)
        found = await find()
        if not await self.use(app, identifier, ticket):
            raise SignInError(reason=_WAS_USED)
        return found

    async def is_used(self, app: App, identifier: str, ticket: Ticket) -> bool:
        """Tell whether a ticket for this identifier was used up."""
        known = await self._users.identifier(app, identifier)
        return known is not None and _has(_tickets_of(known), ticket)

    async def use(self, app: App, identifier: str, ticket: Ticket) -> bool:
        """Use a ticket up; ``False`` when it was used before, or nobody has the identifier."""
        is_used = False

        def alter(fresh: Sysprop) -> bool:
            nonlocal is_used
            tickets = _tickets_of(fresh)
            is_used = not _has(tickets, ticket)
            if is_used:
                kept = _with(tickets, ticket, self._clock() / 1000)
                fresh.properties[USED] = [f"{ends} {mark}" for mark, ends in kept.items()]
            return is_used

        await self._users.change_identifier(app, identifier, alter)
        return is_used


def _tickets_of(known: Sysprop) -> dict[str, int]:
    """Return when the used tokens end, by their marks."""
    stored, found = known.properties.get(USED), {}
    for item in stored if isinstance(stored, list) else []:
        ends, _, mark = str(item).partition(" ")
        if ends.isdecimal() and len(ends) <= len(str(_LAST_SEC)):
            found[mark] = int(ends)
    return found


def _has(tickets: dict[str, int], ticket: Ticket) -> bool:
    return ticket.mark in tickets or ticket.ends <= tickets.get(_ALL, 0)


def _with(tickets: dict[str, int], ticket: Ticket, now: float) -> dict[str, int]:
    """Return the used tokens with one more, those that end first at the front."""
    live = {mark: ends for mark, ends in tickets.items() if ends + _SPARE_SEC > now}
    until = live.pop(_ALL, 0)
    live[ticket.mark] = ticket.ends
    by_end = sorted(live.items(), key=lambda item: item[1])
    if len(by_end) > _MOST:
        until = max(until, by_end[-_MOST - 1][1])
    kept = dict(by_end[-_MOST:])
    return {_ALL: until, **kept} if until else kept
