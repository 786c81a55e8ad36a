"""OAuth 2.0: what all providers have in common.

A browser comes back with a code, which is exchanged for a token, which opens a profile. A program
brings the token itself; then it must be one that was made for this app, or anybody who runs another
application at the same provider could sign in as its users.
"""

from __future__ import annotations

import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from para_core.contracts.signin import (
    Document,
    IdpTokens,
    Profile,
    Redirect,
    SignIn,
    SignInError,
    SignInSettings,
    SignInTools,
    Visit,
)
from para_core.text import base64_url_encode
from para_server.signin.providers.replies import object_of, text_in
from para_server.signin.started import COOKIE, is_marked, is_proven

if TYPE_CHECKING:
    from para_core.contracts.outbound import OutboundReply

__all__ = ["JSON_ACCEPTED", "OAuthProvider", "bearer"]

JSON_ACCEPTED = {"Accept": "application/json"}
_FORM = "application/x-www-form-urlencoded"


class OAuthProvider(SignIn, ABC):
    """One OAuth 2.0 provider; subclasses say where it is and what its profiles look like."""

    prefix: ClassVar[str]
    """Of the app's credentials at the provider: ``gh`` for ``gh_app_id`` and ``gh_secret``."""

    authorize_url: str = ""
    """Where browsers start."""

    scope: str = ""
    """What the app asks for."""

    uses_pkce: ClassVar[bool] = False
    """Whether the provider takes part in RFC 7636 when Para itself starts the flow."""

    def __init__(self, tools: SignInTools) -> None:
        self.tools = tools

    # ---- programs -----------------------------------------------------------------------------

    async def profile_of(self, settings: SignInSettings, token: str) -> Profile:
        """Return who presents an access token; see ``SignIn.profile_of``."""
        if not token.strip():
            raise SignInError(reason="there is no token")
        client, secret = settings.credentials(self.prefix)
        if client and secret:
            await self.check_audience(settings, client, secret, token)
        return await self.profile(settings, IdpTokens(access=token))

    async def check_audience(
        self, settings: SignInSettings, client: str, secret: str, token: str
    ) -> None:
        """Refuse a token that the provider made for another application.

        Asked when the app has credentials at the provider. A provider that does not tell for whom
        a token was made leaves this out.
        """
        del settings, client, secret, token

    # ---- browsers -----------------------------------------------------------------------------

    async def finish(self, visit: Visit) -> Profile | Redirect | Document:
        """Return who the provider sends back; see ``SignIn.finish``."""
        state = visit.param("state")
        is_ours = is_marked(state)
        if is_ours and not is_proven(state, visit.cookie(COOKIE)):
            raise SignInError(reason="the sign-in was started in another browser")
        code = visit.param("code").strip()
        if not code:
            raise SignInError(reason=f"no code: {visit.param('error')[:100]!r}")
        tokens = await self.exchange(visit, code, state if is_ours else "")
        return await self.profile(visit.settings, tokens)

    async def exchange(self, visit: Visit, code: str, state: str) -> IdpTokens:
        """Return the tokens for a code.

        Args:
            visit: The browser's.
            code: As the provider sent it.
            state: Of the flow if Para itself started it, else blank.
        """
        answer = await self.ask_for_token(visit.settings, self._code_fields(visit, code, state))
        return IdpTokens(
            access=self.required(answer, "access_token"),
            refresh=text_in(answer, "refresh_token") or None,
            id=text_in(answer, "id_token") or None,
        )

    def _code_fields(self, visit: Visit, code: str, state: str) -> dict[str, str]:
        client, secret = self._credentials(visit.settings)
        fields = {
            "code": code,
            "redirect_uri": visit.redirect_uri,
            **self.more_fields(visit.settings),
            "client_id": client,
            "client_secret": secret,
            "grant_type": "authorization_code",
        }
        if state and self.uses_pkce:
            fields["code_verifier"] = _derived(secret, state, "verifier")
        return fields

    def more_fields(self, settings: SignInSettings) -> dict[str, str]:
        """Return what this provider wants besides in requests for a token."""
        del settings
        return {}

    async def ask_for_token(
        self, settings: SignInSettings, fields: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return what the provider answers to a request for a token."""
        reply = await self.post(self.token_url(settings), fields, JSON_ACCEPTED)
        return object_of(reply, f"{self.title} (token)")

    @abstractmethod
    def token_url(self, settings: SignInSettings) -> str:
        """Return where tokens are made."""

    @abstractmethod
    async def profile(self, settings: SignInSettings, tokens: IdpTokens) -> Profile:
        """Return whom the tokens belong to.

        Raises:
            SignInError: The provider does not accept them, or its answer is incomplete.
        """

    def entrance(self, settings: SignInSettings, redirect_uri: str, state: str) -> str:
        """Return where a browser starts; see ``SignIn.entrance``."""
        return self.entrance_at(self.authorization_url(settings), settings, redirect_uri, state)

    def entrance_at(
        self, where: str, settings: SignInSettings, redirect_uri: str, state: str
    ) -> str:
        """Return an address of the provider with all that a browser brings there; or blank."""
        client, secret = settings.credentials(self.prefix)
        if not (client and secret and where.startswith(("https://", "http://"))):
            return ""
        fields = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": redirect_uri,
            "scope": self.scope_of(settings),
            "state": state,
        }
        if is_marked(state) and self.uses_pkce:
            verifier = _derived(secret, state, "verifier")
            digest = hashlib.sha256(verifier.encode()).digest()
            fields |= {
                "code_challenge": base64_url_encode(digest),
                "code_challenge_method": "S256",
            }
        if is_marked(state) and "openid" in fields["scope"].split():
            fields["nonce"] = self.nonce(settings, state)
        return f"{where}{'&' if '?' in where else '?'}{urlencode(fields)}"

    def authorization_url(self, settings: SignInSettings) -> str:
        """Return where browsers start; blank when this app does not use the provider."""
        del settings
        return self.authorize_url

    def scope_of(self, settings: SignInSettings) -> str:
        """Return what the app asks for."""
        del settings
        return self.scope

    def nonce(self, settings: SignInSettings, state: str) -> str:
        """Return the nonce of a flow that Para itself started."""
        return _derived(self._credentials(settings)[1], state, "nonce")

    # ---- requests -----------------------------------------------------------------------------

    async def get(self, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the object at an address."""
        reply = await self.tools.outbound.send("GET", url, headers=headers)
        return object_of(reply, self.title)

    async def post(
        self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]
    ) -> OutboundReply:
        """Send a form and return the answer."""
        sent = {"Content-Type": _FORM, **headers}
        body = urlencode(fields).encode()
        return await self.tools.outbound.send("POST", url, headers=sent, body=body)

    def required(self, values: Mapping[str, Any], name: str) -> str:
        """Return a text that must be in an answer.

        Raises:
            SignInError: It is missing, so the provider refused.
        """
        found = text_in(values, name)
        if not found:
            said = text_in(values, "error")[:100]
            raise SignInError(reason=f"{self.title} answers without {name}: {said!r}")
        return found

    def _credentials(self, settings: SignInSettings) -> tuple[str, str]:
        client, secret = settings.credentials(self.prefix)
        if not (client and secret):
            raise SignInError(reason=f"the app has no credentials at {self.title}")
        return client, secret


def bearer(token: str | None) -> dict[str, str]:
    """Return the headers that present an access token."""
    return {"Authorization": f"Bearer {token or ''}"}


def _derived(secret: str, state: str, purpose: str) -> str:
    """Return a secret of one flow, which nobody learns from its state."""
    text = f"{purpose}\n{state}".encode()
    return base64_url_encode(hmac.digest(secret.encode(), text, hashlib.sha256))
