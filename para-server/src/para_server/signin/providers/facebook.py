"""Signing in with Facebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from para_core.contracts.signin import (
    IdpTokens,
    Profile,
    SignInError,
    SignInSettings,
    SignInTools,
)
from para_server.signin.providers.oauth import OAuthProvider
from para_server.signin.providers.replies import is_true, object_in, object_of, text_in, usable_key

__all__ = ["Facebook"]

_FIELDS = "name,email,picture.width(400).type(square).height(400)"


class Facebook(OAuthProvider):
    """Facebook's Graph API. Source: Para 1.54, ``FacebookAuthFilter``.

    Facebook does not say whether an address was verified, so accounts are not linked by it.
    """

    names = ("facebook",)
    paths = ("/facebook_auth",)
    title = "Facebook"
    prefix = "fb"
    scope = "email"

    def __init__(
        self,
        tools: SignInTools,
        web: str = "https://www.facebook.com",
        graph: str = "https://graph.facebook.com",
    ) -> None:
        super().__init__(tools)
        self._graph = graph
        self.authorize_url = f"{web}/dialog/oauth"

    def token_url(self, settings: SignInSettings) -> str:
        """Return where tokens are made."""
        del settings
        return f"{self._graph}/oauth/access_token"

    async def ask_for_token(
        self, settings: SignInSettings, fields: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the answer, which old versions of the API give as the fields of a form."""
        sent = {name: value for name, value in fields.items() if name != "grant_type"}
        url = f"{self.token_url(settings)}?{urlencode(sent)}"
        reply = await self.tools.outbound.send("GET", url)
        if reply.body.startswith(b"access_token="):
            form = parse_qs(reply.body.decode("utf-8", "replace"))
            return {"access_token": form["access_token"][0]} if reply.status < 300 else {}  # noqa: PLR2004
        return object_of(reply, "Facebook (token)")

    async def check_audience(
        self, settings: SignInSettings, client: str, secret: str, token: str
    ) -> None:
        """Ask Facebook for which application it made the token."""
        del settings
        query = urlencode({"input_token": token, "access_token": f"{client}|{secret}"})
        about = object_in(await self.get(f"{self._graph}/debug_token?{query}", {}), "data")
        if not is_true(about.get("is_valid")) or text_in(about, "app_id") != client:
            raise SignInError(reason="the token is not valid for this application at Facebook")

    async def profile(self, settings: SignInSettings, tokens: IdpTokens) -> Profile:
        """Return whom the tokens belong to."""
        del settings
        query = urlencode({"fields": _FIELDS, "access_token": tokens.access or ""})
        found = await self.get(f"{self._graph}/me?{query}", {})
        key = usable_key(self.required(found, "id"))
        picture = f"{self._graph}/{quote(key, safe='')}/picture"
        return Profile(
            identifier=f"fb:{key}",
            email=text_in(found, "email"),
            fallback_email="{id}@facebook.com",
            name=text_in(found, "name"),
            picture=f"{picture}?width=700&height=700&type=square",
        )
