"""Signing in with Slack."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from para_core.contracts.signin import IdpTokens, Profile, SignInSettings, SignInTools
from para_server.signin.providers.delegated import wrapped
from para_server.signin.providers.oauth import JSON_ACCEPTED, OAuthProvider, bearer
from para_server.signin.providers.replies import object_in, plain, text_in, usable_key

__all__ = ["Slack"]


class Slack(OAuthProvider):
    """Slack's identity scopes. Source: Para 1.54, ``SlackAuthFilter``.

    A person is somebody else in each workspace, so the identifier has the workspace too. Slack does
    not say whether an address was verified, nor for which application a token was made.
    """

    names = ("slack",)
    paths = ("/slack_auth",)
    title = "Slack"
    prefix = "sl"
    scope = "identity.basic identity.email identity.team identity.avatar"

    def __init__(self, tools: SignInTools, web: str = "https://slack.com") -> None:
        super().__init__(tools)
        self._web = web
        self.authorize_url = f"{web}/oauth/authorize"

    def token_url(self, settings: SignInSettings) -> str:
        """Return where tokens are made."""
        del settings
        return f"{self._web}/api/oauth.v2.access"

    async def ask_for_token(
        self, settings: SignInSettings, fields: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the person's part of the answer; the other part is the application's own token."""
        sent = {name: value for name, value in fields.items() if name != "grant_type"}
        return object_in(await super().ask_for_token(settings, sent), "authed_user")

    async def profile(self, settings: SignInSettings, tokens: IdpTokens) -> Profile:
        """Return whom the tokens belong to."""
        del settings
        headers = {**bearer(tokens.access), **JSON_ACCEPTED}
        found = await self.get(f"{self._web}/api/users.identity", headers)
        user, team = object_in(found, "user"), object_in(found, "team")
        key = usable_key(self.required(user, "id"))
        identifier = f"sl:{key}:{text_in(team, 'id') or 'default'}"
        if text_in(team, "name"):
            identifier += f":{base64.b64encode(text_in(team, 'name').encode()).decode()}"
        return Profile(
            identifier=usable_key(identifier),
            aliases=(f"sl:{key}",),
            email=text_in(user, "email"),
            fallback_email="{id}@slack.com",
            name=text_in(user, "name"),
            picture=plain(text_in(user, "image_512")),
            tokens=IdpTokens(access=wrapped(tokens.access or "", "Ss")),
        )
