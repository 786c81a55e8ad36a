"""Which tokens are for once, and how their use is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from para_core.objects import App, Sysprop
from para_server.access.tokens import Token
from para_server.services.users import Users
from para_server.signin.once import USED, Once, Ticket, is_for_once, ticket_of

APP = App(id="app:myapp")
NOW = 1_767_323_045
VERA = "custom:vera"


@dataclass
class FakeUsers:
    """One identifier object."""

    known: Sysprop = field(default_factory=lambda: Sysprop(id=VERA, creatorid="u1"))
    writes: int = 0

    async def identifier(self, app: App, identifier: str) -> Sysprop | None:
        assert app is APP
        return self.known if identifier == VERA else None

    async def change_identifier(
        self, app: App, identifier: str, alter: Callable[[Sysprop], bool | None]
    ) -> Sysprop | None:
        known = await self.identifier(app, identifier)
        if known is not None and alter(known) is not False:
            self.writes += 1
        return known


@dataclass
class Desk:
    """Uses tickets up at a time that tests move."""

    users: FakeUsers = field(default_factory=FakeUsers)
    now: int = NOW

    @property
    def once(self) -> Once:
        return Once(cast("Users", self.users), clock=lambda: self.now * 1000)

    async def use(self, ticket: Ticket) -> bool:
        return await self.once.use(APP, VERA, ticket)

    async def is_used(self, ticket: Ticket) -> bool:
        return await self.once.is_used(APP, VERA, ticket)

    @property
    def stored(self) -> list[str]:
        return cast("list[str]", self.users.known.properties.get(USED, []))


def a_token(expires: float | None = NOW + 600, **claims: object) -> Token:
    return Token("myapp", "", claims, expires, None, "HS256")


def numbered(number: int, *, ends: int = NOW + 600) -> Ticket:
    return Ticket(f"mark{number}", ends)


async def test_a_ticket_is_used_once() -> None:
    desk = Desk()
    assert not await desk.is_used(numbered(1))
    assert await desk.use(numbered(1))
    assert await desk.is_used(numbered(1))
    assert not await desk.use(numbered(1))
    assert await desk.use(numbered(2))
    assert desk.users.writes == 2


async def test_nobody_uses_a_ticket_for_an_identifier_that_is_gone() -> None:
    once = Desk().once
    assert not await once.use(APP, "custom:gone", numbered(1))
    assert not await once.is_used(APP, "custom:gone", numbered(1))


async def test_tickets_that_have_ended_leave_the_list() -> None:
    desk = Desk()
    assert await desk.use(numbered(1, ends=NOW + 10))
    desk.now += 60  # the clock of another process may be behind
    assert await desk.use(numbered(2, ends=NOW + 600))
    assert desk.stored == [f"{NOW + 10} mark1", f"{NOW + 600} mark2"]
    desk.now += 10
    assert await desk.use(numbered(3, ends=NOW + 500))
    assert desk.stored == [f"{NOW + 500} mark3", f"{NOW + 600} mark2"]


async def test_the_list_stays_short_and_forgets_nobody() -> None:
    desk = Desk()
    for number in range(250):
        assert await desk.use(numbered(number, ends=NOW + 600 + number)), number
    assert len(desk.stored) == 101
    assert not any([await desk.use(numbered(n, ends=NOW + 600 + n)) for n in range(250)])
    late = numbered(251, ends=NOW + 600)  # of a token that was never shown
    assert await desk.is_used(late)
    desk.now += 10_000
    assert await desk.use(numbered(252, ends=NOW + 20_000))
    assert desk.stored == [f"{NOW + 20_000} mark252"]


async def test_a_ticket_that_ends_before_a_full_list_counts_as_used_from_then_on() -> None:
    desk = Desk()
    for number in range(100):
        assert await desk.use(numbered(number, ends=NOW + 900))
    first = numbered(100, ends=NOW + 600)
    assert await desk.use(first)
    assert not await desk.use(first)
    assert desk.stored[0] == f"{NOW + 600} *"


@pytest.mark.parametrize(
    "stored",
    ["text", 5, None, [5, None, "", "x", "x mark1", "9" * 400 + " mark1", "-1 mark1", ["a"]]],
    ids=["text", "number", "null", "list"],
)
async def test_what_the_app_has_written_there_is_passed_over(stored: object) -> None:
    desk = Desk()
    desk.users.known.properties[USED] = stored
    assert await desk.use(numbered(1))
    assert desk.stored == [f"{NOW + 600} mark1"]


def test_a_ticket_is_of_what_was_signed_and_ends_with_it() -> None:
    token = a_token()
    ticket = ticket_of(b"head.claims.signature", token)
    assert ticket == ticket_of(b"head.claims.another-spelling", token)
    assert ticket.mark != ticket_of(b"head.others.signature", token).mark
    assert (len(ticket.mark), ticket.ends) == (32, NOW + 601)
    assert ticket_of(b"a.b.c", a_token(NOW + 600.5)).ends == NOW + 601
    assert len(str(ticket_of(b"a.b.c", a_token(1e300)).ends)) == 12


@pytest.mark.parametrize(
    ("token", "is_once"),
    [
        (a_token(NOW + 86_400), True),
        (a_token(NOW + 86_401), False),
        (a_token(NOW + 86_401, jti="1"), True),
        (a_token(NOW + 86_401, jti=0), True),
        (a_token(NOW + 86_401, jti=""), False),
        (a_token(NOW + 60, iat=NOW - 86_340), True),
        (a_token(NOW + 60, iat=NOW - 86_341), False),
        (a_token(NOW + 60, iat=0), False),
        (Token("myapp", "", {}, NOW + 60, NOW - 86_341, "HS256"), False),
        (Token("myapp", "", {"iat": NOW}, NOW + 60, NOW - 86_341, "HS256"), True),
    ],
    ids=[
        "for a day",
        "for more",
        "with a number",
        "with the number 0",
        "with a blank number",
        "from its issue for a day",
        "from its issue for more",
        "issued at the epoch",
        "from its start for more",
        "the issue counts before the start",
    ],
)
def test_a_token_is_for_once_with_a_number_or_for_a_day(token: Token, *, is_once: bool) -> None:
    assert is_for_once(token, NOW) is is_once
