"""Where the parts of sign-in meet: one object that holds them for a running server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.contracts.signin import SignInTools
from para_server.signin.account_mail import AccountMail
from para_server.signin.accounts import Accounts
from para_server.signin.base import ProviderWay, Way
from para_server.signin.browser import BrowserSignIn
from para_server.signin.delegation import Delegation
from para_server.signin.jwt_auth import JwtAuth
from para_server.signin.limits import Limits
from para_server.signin.locks import Locks
from para_server.signin.once import Once
from para_server.signin.password import PasswordWay
from para_server.signin.passwordless import PasswordlessWay
from para_server.signin.passwords import PasswordChecker
from para_server.signin.recovery import Recovery
from para_server.signin.sessions import Sessions
from para_server.signin.settings import SettingsLookup
from para_server.signin.twofactor import TwoFactor

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.contracts.filestore import FileStore
    from para_core.contracts.outbound import Outbound
    from para_core.contracts.signin import SignIn
    from para_server.access.gate import Gate
    from para_server.services.container import Services
    from para_server.signin.policy import SignInPolicy
    from para_server.web.settings import WebSettings

__all__ = ["SignInDesk", "SignInProviders", "open_desk"]

SignInProviders = Callable[[SignInTools], Sequence["SignIn"]]


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """The parts of sign-in that others use."""

    lookup: SettingsLookup
    checker: PasswordChecker
    accounts: Accounts
    sessions: Sessions
    recovery: Recovery
    mail: AccountMail
    limits: Limits
    delegation: Delegation
    ways: Sequence[Way]
    jwt_auth: JwtAuth
    browser: BrowserSignIn


def open_desk(  # noqa: PLR0913 - where everything meets
    services: Services,
    gate: Gate,
    config: Config,
    policy: SignInPolicy,
    web: WebSettings,
    *,
    files: FileStore,
    outbound: Outbound,
    providers: SignInProviders,
) -> SignInDesk:
    """Put the parts of sign-in together; the password checker has to be opened."""
    apps, users, cache, clock = services.apps, services.users, services.cache, services.clock
    settings, ids = services.settings, services.ids
    lookup = SettingsLookup(config, settings.root)
    checker = PasswordChecker(cost=policy.bcrypt_cost, scheme=policy.password_hash)
    accounts = Accounts(users, ids=ids, clock=clock)
    sessions = Sessions(users, lookup, settings, clock=clock)
    limits, locks = Limits(cache, policy, clock=clock), Locks(cache, policy, clock=clock)
    two_factor, once = TwoFactor(users, checker, clock=clock), Once(users, clock=clock)
    tools = SignInTools(outbound=outbound, files=files, cache=cache, clock=clock)
    found = providers(tools)
    recovery = Recovery(users, checker, limits, policy, clock=clock)
    mail = AccountMail(recovery, services.mailing, lookup, policy)
    ways: list[Way] = [
        PasswordWay(users, checker, two_factor, locks, policy, mail=mail, ids=ids, clock=clock),
        PasswordlessWay(
            users,
            accounts,
            gate.tokens,
            lookup,
            once,
            returnto=web.returnto,
            clock=clock,
        ),
        *(ProviderWay(provider, accounts, lookup, once) for provider in found),
    ]
    by_name = {name: way for way in ways for name in way.names}
    most = settings.max_entity_size_bytes
    return SignInDesk(
        lookup=lookup,
        checker=checker,
        accounts=accounts,
        sessions=sessions,
        recovery=recovery,
        mail=mail,
        limits=limits,
        delegation=Delegation(users, found, lookup, clock=clock),
        ways=ways,
        jwt_auth=JwtAuth(
            apps, users, sessions, limits, gate=gate, ways=by_name, max_body_bytes=most
        ),
        browser=BrowserSignIn(apps, lookup, sessions, limits, tokens=gate.tokens, settings=web),
    )
