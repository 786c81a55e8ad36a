"""Signing in with Google."""

from __future__ import annotations

from urllib.parse import urlencode

from para_core.contracts.signin import (
    IdpTokens,
    Profile,
    SignInError,
    SignInSettings,
    SignInTools,
    Visit,
)
from para_server.signin.providers.idtokens import IdTokens, Issuer
from para_server.signin.providers.oauth import OAuthProvider, bearer
from para_server.signin.providers.replies import is_true, plain, text_in, usable_key

__all__ = ["Google"]


class Google(OAuthProvider):
    """Google's OpenID Connect. Source: Para 1.54, ``GoogleAuthFilter``."""

    names = ("google",)
    paths = ("/google_auth",)
    title = "Google"
    prefix = "gp"
    scope = "openid email profile"
    uses_pkce = True

    def __init__(
        self,
        tools: SignInTools,
        accounts: str = "https://accounts.google.com",
        api: str = "https://www.googleapis.com",
        tokens: str = "https://oauth2.googleapis.com",
    ) -> None:
        super().__init__(tools)
        self._api, self._tokens = api, tokens
        self._issuer = Issuer(accounts, f"{api}/oauth2/v3/certs")
        self._id_tokens = IdTokens(tools)
        self.authorize_url = f"{accounts}/o/oauth2/v2/auth"

    def token_url(self, settings: SignInSettings) -> str:
        """Return where tokens are made."""
        del settings
        return f"{self._api}/oauth2/v4/token"

    async def exchange(self, visit: Visit, code: str, state: str) -> IdpTokens:
        """Return the tokens for a code; an ID token must be of the flow that was started."""
        tokens = await super().exchange(visit, code, state)
        if state and tokens.id:
            client, _ = visit.settings.credentials(self.prefix)
            nonce = self.nonce(visit.settings, state)
            await self._id_tokens.verify(tokens.id, self._issuer, client=client, nonce=nonce)
        return tokens

    async def check_audience(
        self, settings: SignInSettings, client: str, secret: str, token: str
    ) -> None:
        """Ask Google for which application it made the token."""
        del settings, secret
        query = urlencode({"access_token": token})
        about = await self.get(f"{self._tokens}/tokeninfo?{query}", {})
        if text_in(about, "aud") != client or text_in(about, "azp") not in ("", client):
            raise SignInError(reason="the token is of another application at Google")

    async def profile(self, settings: SignInSettings, tokens: IdpTokens) -> Profile:
        """Return whom the tokens belong to."""
        del settings
        found = await self.get(f"{self._api}/oauth2/v3/userinfo", bearer(tokens.access))
        email = text_in(found, "email")
        return Profile(
            identifier=f"gp:{usable_key(self.required(found, 'sub'))}",
            email=email,
            email_is_verified=bool(email) and is_true(found.get("email_verified")),
            fallback_email="{id}@google.com",
            name=text_in(found, "name"),
            picture=plain(text_in(found, "picture")),
        )
