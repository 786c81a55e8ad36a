"""Signing in with GitHub."""

from __future__ import annotations

import base64

import msgspec

from para_core.contracts.signin import (
    IdpTokens,
    Profile,
    SignInError,
    SignInSettings,
    SignInTools,
)
from para_server.signin.providers.oauth import JSON_ACCEPTED, OAuthProvider
from para_server.signin.providers.replies import object_in, object_of, plain, text_in, usable_key

__all__ = ["GitHub"]


class GitHub(OAuthProvider):
    """GitHub's own profile format; it has no OpenID Connect. Source: Para 1.54, ``GitHubAuth``.

    An address counts as verified when it is the primary one and GitHub says so, which it tells to
    tokens with the scope ``user:email``.
    """

    names = ("github",)
    paths = ("/github_auth",)
    title = "GitHub"
    prefix = "gh"
    scope = "user:email"
    uses_pkce = True

    def __init__(
        self,
        tools: SignInTools,
        web: str = "https://github.com",
        api: str = "https://api.github.com",
    ) -> None:
        super().__init__(tools)
        self._web, self._api = web, api
        self.authorize_url = f"{web}/login/oauth/authorize"

    def token_url(self, settings: SignInSettings) -> str:
        """Return where tokens are made."""
        del settings
        return f"{self._web}/login/oauth/access_token"

    async def check_audience(
        self, settings: SignInSettings, client: str, secret: str, token: str
    ) -> None:
        """Ask GitHub whether it made the token for this client: 404 when it did not."""
        del settings
        basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        reply = await self.tools.outbound.send(
            "POST",
            f"{self._api}/applications/{client}/token",
            headers={**headers, **JSON_ACCEPTED},
            body=msgspec.json.encode({"access_token": token}),
        )
        application = object_in(object_of(reply, "GitHub (token check)"), "app")
        if text_in(application, "client_id") != client:
            raise SignInError(reason="the token is of another application at GitHub")

    async def profile(self, settings: SignInSettings, tokens: IdpTokens) -> Profile:
        """Return whom the tokens belong to."""
        del settings
        headers = {"Authorization": f"token {tokens.access}", **JSON_ACCEPTED}
        found = await self.get(f"{self._api}/user", headers)
        key = usable_key(self.required(found, "id"))
        email, is_verified = await self._email(text_in(found, "email"), headers)
        return Profile(
            identifier=f"gh:{key}",
            email=email,
            email_is_verified=is_verified,
            fallback_email=f"{key}@github.com",
            name=text_in(found, "name"),
            picture=plain(text_in(found, "avatar_url")),
        )

    async def _email(self, public: str, headers: dict[str, str]) -> tuple[str, bool]:
        """Return the person's address, and whether it is primary and verified."""
        reply = await self.tools.outbound.send("GET", f"{self._api}/user/emails", headers=headers)
        entries = _entries(reply.body) if reply.status == 200 else []  # noqa: PLR2004 - HTTP
        if public:
            entries = [one for one in entries if text_in(one, "email").lower() == public.lower()]
        chosen = next((one for one in entries if one.get("primary") is True), None)
        chosen = chosen or (entries[-1] if entries else {})
        is_verified = chosen.get("verified") is True and chosen.get("primary") is True
        return public or text_in(chosen, "email"), is_verified


def _entries(body: bytes) -> list[dict[str, object]]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return []
    entries = found if isinstance(found, list) else []
    return [entry for entry in entries if isinstance(entry, dict)]
