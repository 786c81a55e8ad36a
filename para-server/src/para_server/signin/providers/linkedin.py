"""Signing in with LinkedIn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from para_core.contracts.signin import (
    IdpTokens,
    Profile,
    SignInError,
    SignInSettings,
    SignInTools,
)
from para_server.signin.providers.oauth import JSON_ACCEPTED, OAuthProvider, bearer
from para_server.signin.providers.replies import (
    is_true,
    object_in,
    object_of,
    picture_at,
    text_in,
    usable_key,
)

__all__ = ["LinkedIn"]

_PROFILE = "/v2/me?projection=(id,firstName,lastName,profilePicture(displayImage~:playableStreams))"
_EMAIL = "/v2/emailAddress?projection=(elements*(handle~))&q=members"
_SIZE = "400_400"
_DEEPEST = 20


class LinkedIn(OAuthProvider):
    """LinkedIn's API of version 2. Source: Para 1.54, ``LinkedInAuthFilter``.

    It does not say whether an address was verified, so accounts are not linked by it. Applications
    that use LinkedIn's newer OpenID Connect are served by the generic provider.
    """

    names = ("linkedin",)
    paths = ("/linkedin_auth",)
    title = "LinkedIn"
    prefix = "in"
    scope = "r_liteprofile r_emailaddress"

    def __init__(
        self,
        tools: SignInTools,
        web: str = "https://www.linkedin.com",
        api: str = "https://api.linkedin.com",
    ) -> None:
        super().__init__(tools)
        self._web, self._api = web, api
        self.authorize_url = f"{web}/oauth/v2/authorization"

    def token_url(self, settings: SignInSettings) -> str:
        """Return where tokens are made."""
        del settings
        return f"{self._web}/oauth/v2/accessToken"

    async def check_audience(
        self, settings: SignInSettings, client: str, secret: str, token: str
    ) -> None:
        """Ask LinkedIn for which application it made the token."""
        del settings
        fields = {"client_id": client, "client_secret": secret, "token": token}
        reply = await self.post(f"{self._web}/oauth/v2/introspectToken", fields, JSON_ACCEPTED)
        about = object_of(reply, "LinkedIn (token check)")
        if not is_true(about.get("active")) or text_in(about, "client_id") != client:
            raise SignInError(reason="the token is not active for this application at LinkedIn")

    async def profile(self, settings: SignInSettings, tokens: IdpTokens) -> Profile:
        """Return whom the tokens belong to."""
        del settings
        headers = {**bearer(tokens.access), **JSON_ACCEPTED}
        found = await self.get(f"{self._api}{_PROFILE}", headers)
        key = usable_key(self.required(found, "id"))
        names = [_first(object_in(found, name)) for name in ("firstName", "lastName")]
        return Profile(
            identifier=f"in:{key}",
            email=await self._email(headers),
            fallback_email="{id}@linkedin.com",
            name=" ".join(names).strip(),
            picture=picture_at(_picture(found)),
        )

    async def _email(self, headers: dict[str, str]) -> str:
        """Return the address; blank when the token may not ask for it."""
        reply = await self.tools.outbound.send("GET", f"{self._api}{_EMAIL}", headers=headers)
        try:
            elements = object_of(reply, "LinkedIn (email)").get("elements")
        except SignInError:
            return ""
        first = elements[0] if isinstance(elements, list) and elements else None
        handle = object_in(first, "handle~") if isinstance(first, dict) else {}
        return text_in(handle, "emailAddress")


def _first(name: dict[str, Any]) -> str:
    """Return a name in the first language it has."""
    values = object_in(name, "localized")
    return text_in(values, next(iter(values))) if values else ""


def _picture(found: dict[str, Any]) -> str:
    image = object_in(object_in(found, "profilePicture"), "displayImage~")
    addresses = list(_identifiers(image))
    fitting = [address for address in addresses if _SIZE in address]
    return (fitting[:1] or addresses[-1:] or [""])[0]


def _identifiers(value: object, depth: int = 0) -> Iterator[str]:
    """Yield the addresses of the picture in all its sizes."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _identifiers(item, depth + 1)
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "identifier" and isinstance(item, str):
                yield item
            else:
                yield from _identifiers(item, depth + 1)
