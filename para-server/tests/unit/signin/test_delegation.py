"""What is remembered of the tokens that a provider decides about."""

from __future__ import annotations

import tracemalloc
from typing import cast

from para_core.config import Config
from para_core.contracts.signin import (
    Document,
    IdpTokens,
    Profile,
    Redirect,
    SignIn,
    SignInError,
    SignInSettings,
    Visit,
)
from para_core.objects import App, User
from para_server.services.users import Users
from para_server.signin.delegation import Delegation
from para_server.signin.settings import SettingsLookup

APP = App(id="app:myapp")


class Always(SignIn):
    """Vouches for everybody, and counts how often it is asked."""

    asked = 0

    async def profile_of(self, settings: SignInSettings, token: str) -> Profile:
        raise SignInError(reason="nobody comes here")

    async def finish(self, visit: Visit) -> Profile | Redirect | Document:
        raise SignInError(reason="nobody comes here")

    def delegates(self, settings: SignInSettings, identifier: str) -> bool:
        del settings, identifier
        return True

    async def renew(
        self, settings: SignInSettings, identifier: str, tokens: IdpTokens
    ) -> IdpTokens | None:
        del settings, identifier
        self.asked += 1
        return tokens


def a_delegation(provider: SignIn) -> Delegation:
    lookup = SettingsLookup(Config({}), "para")
    nobody = cast("Users", None)  # is asked when tokens change only
    return Delegation(nobody, [provider], lookup, clock=lambda: 0)


def a_user(number: int, token: str) -> User:
    return User(id=f"u{number}", identifier=f"custom:{number}", idp_access_token=token)


async def test_large_tokens_are_not_kept() -> None:
    """An app can store them as large as objects may be, of thousands of users."""
    delegation = a_delegation(Always())
    tracemalloc.start()
    try:
        for number in range(50):
            assert await delegation.is_valid(APP, a_user(number, f"{number}" * 100_000))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000


async def test_an_answer_holds_for_one_token_of_one_user() -> None:
    provider = Always()
    delegation = a_delegation(provider)
    for user in (a_user(1, "a"), a_user(1, "a"), a_user(2, "a"), a_user(1, "b"), a_user(1, "a")):
        assert await delegation.is_valid(APP, user)
    assert provider.asked == 3
    assert await delegation.is_valid(App(id="app:other"), a_user(1, "a"))
    assert provider.asked == 4
