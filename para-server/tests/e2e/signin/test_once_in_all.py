"""What works once does so for fifty who try it at the same time, in processes of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import bcrypt
import pytest

from para_core.contracts.signin import SignInError
from para_core.objects import App, User
from para_server.config import ApiSettings
from para_server.para import Para
from para_server.signin.limits import Limits
from para_server.signin.passwords import PasswordChecker
from para_server.signin.policy import SignInPolicy
from para_server.signin.recovery import Recovery
from para_server.signin.totp import STEP_SEC, code_at, new_key
from para_server.signin.twofactor import TwoFactor

from .people import Clock, a_user
from .processes import FarDAO, a_process, the_app

ANN = "ann@myapp.test"
TRIES, COST = 50, 4
POLICY = SignInPolicy(bcrypt_cost=COST, resets_per_account=0)
KEY, CODE = new_key(), "tulip-anchor-5512"


class Together(PasswordChecker):
    """Answers all at once who try the same thing, as the threads of many processes can."""

    def __init__(self) -> None:
        super().__init__(waiting=TRIES, cost=COST)
        self.awaited, self._all = 0, asyncio.Event()

    async def hash(self, password: str) -> str:
        hashed = await super().hash(password)
        await self._others()
        return hashed

    async def check(self, password: str, hashed: str | None) -> bool:
        matches = await super().check(password, hashed)
        await self._others()
        return matches

    async def _others(self) -> None:
        self.awaited -= 1
        if self.awaited <= 0:
            self._all.set()
        await self._all.wait()


@dataclass
class Desk:
    """What takes tokens and codes in one process."""

    para: Para
    checker: Together

    @property
    def recovery(self) -> Recovery:
        services = self.para.services
        limits = Limits(services.cache, POLICY, clock=services.clock)
        return Recovery(services.users, self.checker, limits, POLICY, clock=services.clock)

    @property
    def two_factor(self) -> TwoFactor:
        services = self.para.services
        return TwoFactor(services.users, self.checker, clock=services.clock)

    async def app(self) -> App:
        found = await self.para.services.apps.find("myapp")
        assert found is not None
        return found

    async def ann(self) -> User:
        found = await self.para.services.users.by_identifier(await self.app(), ANN)
        assert found is not None
        return found

    async def passes(self, code: str) -> bool:
        """Tell whether a code is good for a second factor."""
        try:
            await self.two_factor.check(await self.app(), await self.ann(), code)
        except SignInError:
            return False
        return True


@pytest.fixture
async def desks(settings: ApiSettings, clock: Clock) -> AsyncIterator[Sequence[Desk]]:
    """Two processes that know Ann."""
    dao = FarDAO()
    async with (
        a_process(settings, dao, clock) as one,
        a_process(settings, dao, clock) as two,
        Together() as checker,
    ):
        app = await the_app(one)
        userid = await a_user(app, one, ANN)
        hashed = bcrypt.hashpw(CODE.encode(), bcrypt.gensalt(COST)).decode()
        factor = {"twoFA": True, "twoFAkey": KEY, "twoFAbackupKeyHash": hashed}
        await app.patch(f"/v1/users/{userid}", factor)
        made = [Desk(client.para, checker) for client in (one, two)]
        for desk in made:
            await desk.ann()
        yield made


async def tried(desks: Sequence[Desk], one: Callable[[Desk], Awaitable[bool]]) -> int:
    """Try one thing many times at once; return how often it worked."""
    return sum(await asyncio.gather(*(one(desks[n % len(desks)]) for n in range(TRIES))))


async def test_a_token_confirms_an_address_once(desks: Sequence[Desk]) -> None:
    app = await desks[0].app()
    token = await desks[0].recovery.new_email_token(app, ANN)
    assert await tried(desks, lambda desk: desk.recovery.activate(app, ANN, token)) == 1


async def test_a_token_sets_one_new_password(desks: Sequence[Desk]) -> None:
    app = await desks[0].app()
    token = await desks[0].recovery.new_reset_token(app, ANN)
    desks[0].checker.awaited = TRIES
    words = iter([f"a password {number}" for number in range(TRIES)])
    reset = lambda desk: desk.recovery.reset_password(app, ANN, token, next(words))  # noqa: E731
    assert await tried(desks, reset) == 1


@pytest.mark.parametrize("step", [-1, 0, 1], ids=["of the last step", "of now", "of the next step"])
async def test_a_one_time_code_passes_once(desks: Sequence[Desk], clock: Clock, step: int) -> None:
    code = code_at(KEY, clock() // 1000 // STEP_SEC + step)
    assert await tried(desks, lambda desk: desk.passes(code)) == 1
    assert not await desks[1].passes(code)


async def test_a_recovery_code_passes_once(desks: Sequence[Desk]) -> None:
    desks[0].checker.awaited = TRIES
    assert await tried(desks, lambda desk: desk.passes(CODE)) == 1
    assert not await desks[1].passes(CODE)
