"""How often one address may try to sign in or up, and who that address is.

Counted are failures and new accounts, per app, in windows of time. Requests that an app has signed
with its own keys are not held back: a program that signs in all its users comes from one address.
The limit of one account is its lock, see ``password``.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

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

    async def check(self, app: App, request: WebRequest) -> None:
        """Refuse an address that has failed too often.

        Raises:
            AnswerError: 429, with ``Retry-After``.
        """
        most = self._most(request, self._policy.failures_per_address)
        await self._count(app, "failures", self._who(request), most, _FAILURES_SEC, by=0)

    async def failed(self, app: App, request: WebRequest) -> None:
        """Count a failure."""
        name, _ = self._window("failures", self._who(request), _FAILURES_SEC)
        await self._cache.increment(app.identifier, name, ttl_sec=_FAILURES_SEC)

    async def sign_up(self, app: App, request: WebRequest) -> None:
        """Count an account that is about to be made; errors as for ``check``."""
        most = self._most(request, self._policy.sign_ups_per_address)
        await self._count(app, "sign-ups", self._who(request), most, _SIGN_UPS_SEC, by=1)

    async def reset(self, app: App, identifier: str) -> None:
        """Count a try to set a new password by a token; errors as for ``check``."""
        most = self._policy.resets_per_account
        await self._count(app, "resets", identifier, most, _RESETS_SEC, by=1)

    async def _count(  # noqa: PLR0913 - what is counted, how far, and by how much
        self, app: App, kind: str, who: str, most: int, window_sec: int, *, by: int
    ) -> None:
        if most <= 0:
            return
        name, left_sec = self._window(kind, who, window_sec)
        count = await self._cache.increment(app.identifier, name, by=by, ttl_sec=window_sec)
        if count + (1 - by) > most:
            after = [(b"retry-after", str(left_sec).encode())]
            raise AnswerError(429, "Too Many Requests", after)

    def _window(self, kind: str, who: str, window_sec: int) -> tuple[str, int]:
        """Return the counter of the present window, and how many seconds of it are left."""
        number, passed = divmod(self._clock() // 1000, window_sec)
        return f"{kind}:{who}:{number}", window_sec - passed

    def _who(self, request: WebRequest) -> str:
        return client_of(request, self._policy)

    def _most(self, request: WebRequest, most: int) -> int:
        """Return the limit; higher where a proxy is in front that the configuration hides."""
        is_hidden = request.header("x-forwarded-for") and not is_trusted(
            request.client, self._policy.trusted_proxies
        )
        return most * _UNKNOWN_CLIENTS if is_hidden else most


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
