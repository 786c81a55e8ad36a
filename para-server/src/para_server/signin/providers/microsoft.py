"""Signing in with Microsoft."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote

import msgspec

from para_core.contracts.signin import (
    IdpTokens,
    Profile,
    SignInError,
    SignInSettings,
    SignInTools,
)
from para_core.text import picture_of
from para_server.signin.providers.oauth import JSON_ACCEPTED, OAuthProvider, bearer
from para_server.signin.providers.pictures import keep_picture
from para_server.signin.providers.replies import text_in, usable_key

__all__ = ["Microsoft"]

_SCOPE = "https://graph.microsoft.com/user.read"
_PARTS = 3


class Microsoft(OAuthProvider):
    """Microsoft's identity platform and Graph. Source: Para 1.54, ``MicrosoftAuthFilter``.

    Accounts are never linked by the address: who runs a tenant writes it into the profile.
    """

    names = ("microsoft",)
    paths = ("/microsoft_auth",)
    title = "Microsoft"
    prefix = "ms"
    scope = _SCOPE
    uses_pkce = True

    def __init__(
        self,
        tools: SignInTools,
        login: str = "https://login.microsoftonline.com",
        graph: str = "https://graph.microsoft.com",
    ) -> None:
        super().__init__(tools)
        self._login, self._graph = login, graph

    def authorization_url(self, settings: SignInSettings) -> str:
        """Return where browsers start."""
        return f"{self._tenant(settings)}/oauth2/v2.0/authorize"

    def token_url(self, settings: SignInSettings) -> str:
        """Return where tokens are made."""
        return f"{self._tenant(settings)}/oauth2/v2.0/token"

    def more_fields(self, settings: SignInSettings) -> dict[str, str]:
        """Return the scope, which Microsoft wants again with the code."""
        del settings
        return {"scope": _SCOPE}

    def _tenant(self, settings: SignInSettings) -> str:
        tenant = settings.text("ms_tenant_id", "common").strip() or "common"
        return f"{self._login}/{quote(tenant, safe='')}"

    async def check_audience(
        self, settings: SignInSettings, client: str, secret: str, token: str
    ) -> None:
        """Read for which application a token was made.

        Nobody but Graph can verify its tokens, and ``profile`` sends it this very one: it answers
        only if what is read here is true. Tokens of personal accounts tell nothing.
        """
        del settings, secret
        claims = _claims(token)
        if claims and client not in (text_in(claims, "appid"), text_in(claims, "azp")):
            raise SignInError(reason="the token is of another application at Microsoft")

    async def profile(self, settings: SignInSettings, tokens: IdpTokens) -> Profile:
        """Return whom the tokens belong to."""
        headers = {**bearer(tokens.access), **JSON_ACCEPTED}
        found = await self.get(f"{self._graph}/v1.0/me", headers)
        email = text_in(found, "mail")
        email = email if "@" in email else text_in(found, "userPrincipalName")

        async def load_picture(userid: str) -> str | None:
            url = f"{self._graph}/v1.0/me/photo/$value"
            kept = await keep_picture(
                self.tools, url, bearer(tokens.access), settings.appid, userid
            )
            return kept or (picture_of(email) if email else None)

        return Profile(
            identifier=f"ms:{usable_key(self.required(found, 'id'))}",
            email=email,
            fallback_email="{id}@windowslive.com",
            name=text_in(found, "displayName"),
            load_picture=load_picture,
        )


def _claims(token: str) -> dict[str, Any]:
    """Return what a token says of itself; empty when it is opaque."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        return {}
    try:
        text = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        found = msgspec.json.decode(text)
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
