"""Signing in with Amazon."""

from __future__ import annotations

from urllib.parse import urlencode

from para_core.contracts.signin import (
    IdpTokens,
    Profile,
    SignInError,
    SignInSettings,
    SignInTools,
)
from para_server.signin.providers.delegated import wrapped
from para_server.signin.providers.oauth import JSON_ACCEPTED, OAuthProvider
from para_server.signin.providers.replies import text_in, usable_key

__all__ = ["Amazon"]


class Amazon(OAuthProvider):
    """Login with Amazon. Source: Para 1.54, ``AmazonAuthFilter``.

    Amazon does not say whether an address was verified, so accounts are not linked by it.
    """

    names = ("amazon",)
    paths = ("/amazon_auth",)
    title = "Amazon"
    prefix = "az"
    scope = "profile"

    def __init__(
        self,
        tools: SignInTools,
        web: str = "https://www.amazon.com",
        api: str = "https://api.amazon.com",
    ) -> None:
        super().__init__(tools)
        self._api = api
        self.authorize_url = f"{web}/ap/oa"

    def token_url(self, settings: SignInSettings) -> str:
        """Return where tokens are made."""
        del settings
        return f"{self._api}/auth/o2/token"

    async def check_audience(
        self, settings: SignInSettings, client: str, secret: str, token: str
    ) -> None:
        """Ask Amazon for which application it made the token."""
        del settings, secret
        query = urlencode({"access_token": token})
        about = await self.get(f"{self._api}/auth/o2/tokeninfo?{query}", JSON_ACCEPTED)
        if text_in(about, "aud") != client:
            raise SignInError(reason="the token is of another application at Amazon")

    async def profile(self, settings: SignInSettings, tokens: IdpTokens) -> Profile:
        """Return whom the tokens belong to."""
        del settings
        token = tokens.access or ""
        headers = {"x-amz-access-token": token, **JSON_ACCEPTED}
        found = await self.get(f"{self._api}/user/profile", headers)
        return Profile(
            identifier=f"az:{usable_key(self.required(found, 'user_id'))}",
            email=text_in(found, "email"),
            fallback_email="{id}@amazon.com",
            name=text_in(found, "name"),
            tokens=IdpTokens(access=wrapped(token, "Ss")),
        )
