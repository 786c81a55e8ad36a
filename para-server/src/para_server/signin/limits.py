"""How often one address may try to sign in or up, and who that address is.

Counted are failures and new accounts, per app, in windows of time. What is tried is counted before
it is decided about, so that tries at the same time do not pass a limit together. Requests that an
app has signed with its own keys are not held back: a program that signs in all its users comes from
one address. The limit of one account is its lock, see ``password``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from para_core.contracts.signin import SignInError
from para_server.http.answers import AnswerError
from para_server.http.proxies import is_address, is_trusted

if TYPE_CHECKING:
    from para_core.contracts.cache import Cache
    from para_core.objects import App
    from para_server.services.container import Clock
    from para_server.signin.policy import SignInPolicy
    from para_server.web.request import WebRequest

__all__ = ["Limits", "client_of"]

_FAILURES_SEC, _SIGN_UPS_SEC, _RESETS_SEC = 600, 3600, 3600
_UNKNOWN_CLIENTS = 10  # times the limit for an address that stands for many clients
_IPV6_NETWORK = 64  # bits: one customer has at least so many addresses


class Limits:
    """Counts on the counters of the cache, so that several servers count together."""

    def __init__(self, cache: Cache, policy: SignInPolicy, *, clock: Clock) -> None:
        self._cache, self._policy, self._clock = cache, policy, clock

    @asynccontextmanager
    async def attempt(self, app: App, request: WebRequest) -> AsyncIterator[None]:
        """Count a try to sign in as a failure, until it has turned out to be none.

        What stays counted is a ``SignInError``, and a try that is broken off. A try that is refused
        here takes nobody's place: when others in progress succeed, the next one is let in again.

        Raises:
            AnswerError: 429, with ``Retry-After``: the address has failed too often, or might have
                when all its tries in progress are over.
        """
        most = self._most(request, self._policy.failures_per_address)
        counter = self._counter(app, "failures", self._who(request), _FAILURES_SEC)
        try:
            await counter.count(most)
            yield
        except SignInError:
            raise
        except Exception:
            await counter.take_back()
            raise
        await counter.take_back()

    async def sign_up(self, app: App, request: WebRequest) -> None:
        """Count an account that is about to be made; errors as for ``attempt``."""
        most = self._most(request, self._policy.sign_ups_per_address)
        await self._counter(app, "sign-ups", self._who(request), _SIGN_UPS_SEC).count(most)

    async def reset(self, app: App, identifier: str) -> None:
        """Count a try to set a new password by a token; errors as for ``attempt``."""
        most = self._policy.resets_per_account
        await self._counter(app, "resets", identifier, _RESETS_SEC).count(most)

    def _counter(self, app: App, kind: str, who: str, window_sec: int) -> _Counter:
        """Return the counter of the present window."""
        number, passed = divmod(self._clock() // 1000, window_sec)
        name, left_sec = f"{kind}:{who}:{number}", window_sec - passed
        return _Counter(self._cache, app.identifier, name, window_sec, left_sec)

    def _who(self, request: WebRequest) -> str:
        return client_of(request, self._policy)

    def _most(self, request: WebRequest, most: int) -> int:
        """Return the limit; higher where a proxy is in front that the configuration hides."""
        is_hidden = request.header("x-forwarded-for") and not is_trusted(
            request.client, self._policy.trusted_proxies
        )
        return most * _UNKNOWN_CLIENTS if is_hidden else most


@dataclass(frozen=True, slots=True)
class _Counter:
    """What was counted in one window of time."""

    cache: Cache
    appid: str
    name: str
    window_sec: int
    left_sec: int  # until the window ends

    async def count(self, most: int) -> None:
        """Count one more, and refuse it when there are more than ``most``; 0 for no limit."""
        count = await self.cache.increment(self.appid, self.name, ttl_sec=self.window_sec)
        if 0 < most < count:
            after = [(b"retry-after", str(self.left_sec).encode())]
            raise AnswerError(429, "Too Many Requests", after)

    async def take_back(self) -> None:
        """Count one less."""
        await self.cache.increment(self.appid, self.name, by=-1, ttl_sec=self.window_sec)


def client_of(request: WebRequest, policy: SignInPolicy) -> str:
    """Return the address that a request comes from; of IPv6 the network.

    A proxy's word counts when ``para.trusted_proxies`` has its address: then the last address in
    ``X-Forwarded-For`` that is not a trusted proxy itself.
    """
    address = request.client
    if is_trusted(address, policy.trusted_proxies):
        for told in reversed(request.header("x-forwarded-for").split(",")):
            name = told.strip()
            if not is_address(name):
                break
            address = name
            if not is_trusted(name, policy.trusted_proxies):
                break
    return _network(address)


def _network(address: str) -> str:
    if not is_address(address):
        return address
    known = ip_address(address)
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ip_network((int(known), _IPV6_NETWORK), strict=False))
