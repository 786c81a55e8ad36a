"""What the server asks of every way to sign in, its own ones and those of providers."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from para_core.contracts.signin import Document, Profile, Redirect, SignInError
from para_core.errors import ParaError
from para_server.services.users import TakenError
from para_server.signin.accounts import NOT_CREATED
from para_server.signin.once import ticket_in

if TYPE_CHECKING:
    from para_core.contracts.signin import SignIn, SignInSettings
    from para_core.objects import App, User
    from para_server.signin.accounts import Accounts
    from para_server.signin.once import Once
    from para_server.signin.settings import SettingsLookup
    from para_server.signin.visit import BrowserVisit

__all__ = ["Outcome", "Presented", "ProviderWay", "Way"]

logger = logging.getLogger(__name__)

Outcome: TypeAlias = "User | Redirect | Document"


async def _nothing() -> None:
    """Hold nobody back."""


@dataclass(frozen=True, slots=True)
class Presented:
    """What a program shows at ``POST /jwt_auth``.

    Attributes:
        token: What the provider makes of it is its own affair.
        code: A second factor; blank for none.
        is_signed: Whether the app has signed the request with its own keys.
        before_sign_up: Called before an account is made for it; raises when there are too many.
    """

    token: str
    code: str = ""
    is_signed: bool = False
    before_sign_up: Callable[[], Awaitable[None]] = _nothing


class Way(ABC):
    """One way to sign in. It serves all apps, so its methods may run at the same time."""

    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    title: str = ""

    def entrance(self, settings: SignInSettings, redirect_uri: str, state: str) -> str:
        """Return where a browser starts, for a link on the sign-in page; blank for no link."""
        del settings, redirect_uri, state
        return ""

    @abstractmethod
    async def user_of(self, app: App, presented: Presented) -> User:
        """Return the active user who presents a token at ``POST /jwt_auth``.

        Raises:
            SignInError: The token proves nobody, or the user may not sign in.
        """

    @abstractmethod
    async def finish(self, visit: BrowserVisit) -> Outcome:
        """Return the active user at the browser, or what the browser is shown first.

        Raises:
            SignInError: As above; the message is shown to the person.
        """


class ProviderWay(Way):
    """Signing in with a system that vouches for people: it tells a profile, we find the user."""

    def __init__(
        self, provider: SignIn, accounts: Accounts, settings: SettingsLookup, once: Once
    ) -> None:
        self.provider, self._accounts, self._settings = provider, accounts, settings
        self._once = once
        self.names, self.paths, self.title = provider.names, provider.paths, provider.title

    def entrance(self, settings: SignInSettings, redirect_uri: str, state: str) -> str:
        """Ask the provider; see ``Way``."""
        try:
            return self.provider.entrance(settings, redirect_uri, state)
        except Exception as error:  # noqa: BLE001 - the page goes without the link
            self._failed(error)
            return ""

    async def user_of(self, app: App, presented: Presented) -> User:
        """Ask the provider who presents the token; see ``Way``."""
        try:
            profile = await self.provider.profile_of(self._settings.of(app), presented.token)
        except SignInError:
            raise
        except Exception as error:
            raise self._failed(error) from error
        return await self._user(app, profile)

    async def finish(self, visit: BrowserVisit) -> Outcome:
        """Ask the provider who is at the browser; see ``Way``."""
        try:
            found = await self.provider.finish(visit)
        except SignInError:
            raise
        except Exception as error:
            raise self._failed(error) from error
        if not isinstance(found, Profile):
            return found
        if visit.app is None:
            raise SignInError(reason="there is no such app")
        return await self._user(visit.app, found)

    async def _user(self, app: App, profile: Profile) -> User:
        async def find() -> User:
            return await self._accounts.user_of(app, profile)

        ticket = ticket_in(profile)
        try:
            if ticket is None:
                return await find()
            return await self._once.admit(app, profile.identifier, ticket, find)
        except TakenError as error:
            raise SignInError(NOT_CREATED, reason=f"{error} is somebody else's") from error

    def _failed(self, error: Exception) -> SignInError:
        """Log what went wrong; a provider that fails is a failed sign-in, never more."""
        name = self.title or type(self.provider).__name__
        is_ours = not isinstance(error, ParaError)
        logger.warning("%s cannot sign in anybody: %s", name, error, exc_info=is_ours)
        return SignInError(reason=f"{name} failed")
