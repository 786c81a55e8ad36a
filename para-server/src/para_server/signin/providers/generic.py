"""Signing in with any OAuth 2.0 or OpenID Connect provider, three of them side by side.

With an ``issuer`` the provider describes itself, and its ID tokens are verified and used. Without
one, what the ID token says is left aside, and only the profile counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from para_core.contracts.signin import (
    Document,
    IdpTokens,
    Profile,
    Redirect,
    SignInError,
    SignInSettings,
    SignInTools,
    Visit,
)
from para_core.formats import is_email
from para_server.signin.providers.endpoints import Endpoints
from para_server.signin.providers.fields import Fields
from para_server.signin.providers.idtokens import IdTokens
from para_server.signin.providers.oauth import OAuthProvider, bearer
from para_server.signin.providers.pictures import keep_picture
from para_server.signin.providers.replies import (
    is_true,
    object_of,
    picture_at,
    plain,
    text_in,
    usable_key,
)
from para_server.signin.started import COOKIE, is_marked, is_proven

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["OAuth2", "OAuth2Second", "OAuth2Third"]

_OK = 200
_MOST_PARTS = 3


class OAuth2(OAuthProvider):
    """The first generic provider, ``security.oauth.…``.

    Source: Para 1.54, ``GenericOAuth2Filter``.
    """

    names = ("oauth2",)
    paths = ("/oauth2_auth",)
    title = "OpenID Connect"
    prefix = "oa2"
    section = "security.oauth"
    uses_pkce = True

    def __init__(self, tools: SignInTools, *, separator: str = ":") -> None:
        super().__init__(tools)
        self._separator = separator
        self._id_tokens = IdTokens(tools)

    # ---- settings -----------------------------------------------------------------------------

    def _of(self, settings: SignInSettings) -> Endpoints:
        return Endpoints(settings, self.section, self._id_tokens)

    def token_url(self, settings: SignInSettings) -> str:
        """Return where tokens are made; blank when only the issuer knows."""
        return self._of(settings).text("token_url")

    def authorization_url(self, settings: SignInSettings) -> str:
        """Return where browsers start; blank when only the issuer knows."""
        return self._of(settings).text("authorization_url")

    def scope_of(self, settings: SignInSettings) -> str:
        """Return what the app asks for."""
        return self._of(settings).text("scope")

    def more_fields(self, settings: SignInSettings) -> dict[str, str]:
        """Return the scope, unless the provider does not want it with a code."""
        repeats = self._of(settings).flag("send_scope_to_token_endpoint", default=True)
        return {"scope": self.scope_of(settings)} if repeats else {}

    # ---- browsers -----------------------------------------------------------------------------

    def entrance(self, settings: SignInSettings, redirect_uri: str, state: str) -> str:
        """Return where a browser starts: at our own endpoint when only the issuer knows."""
        if all(settings.credentials(self.prefix)) and not self.authorization_url(settings):
            sign = "&" if "?" in redirect_uri else "?"
            knows = self._of(settings).text("issuer")
            return f"{redirect_uri}{sign}{urlencode({'state': state})}" if knows else ""
        return super().entrance(settings, redirect_uri, state)

    async def finish(self, visit: Visit) -> Profile | Redirect | Document:
        """Return who the provider sends back, or send to it a browser that comes from us."""
        state = visit.param("state")
        is_ours = is_marked(state) and is_proven(state, visit.cookie(COOKIE))
        if is_ours and not visit.param("code") and not visit.param("error"):
            issuer = self._of(visit.settings).text("issuer")
            if issuer and not self.authorization_url(visit.settings):
                described = await self._id_tokens.describe(issuer)
                return Redirect(self._start(visit, text_in(described, "authorization_endpoint")))
        return await super().finish(visit)

    def _start(self, visit: Visit, where: str) -> str:
        url = self.entrance_at(where, visit.settings, visit.redirect_uri, visit.param("state"))
        if not url:
            raise SignInError(reason="the issuer does not say where browsers start")
        return url

    async def exchange(self, visit: Visit, code: str, state: str) -> IdpTokens:
        """Return the tokens for a code; an ID token must be of the flow that was started."""
        tokens = await super().exchange(visit, code, state)
        issuer = await self._of(visit.settings).issuer()
        if state and tokens.id and issuer is not None:
            client, _ = visit.settings.credentials(self.prefix)
            nonce = None
            if "openid" in self.scope_of(visit.settings).split():
                nonce = self.nonce(visit.settings, state)
            await self._id_tokens.verify(tokens.id, issuer, client=client, nonce=nonce)
        return tokens

    async def ask_for_token(
        self, settings: SignInSettings, fields: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return what the provider answers to a request for a token."""
        url = await self._of(settings).url("token_url", "token_endpoint")
        return object_of(
            await self.post(url, fields, self._of(settings).headers), "the token endpoint"
        )

    # ---- programs -----------------------------------------------------------------------------

    async def profile_of(self, settings: SignInSettings, token: str) -> Profile:
        """Return who presents ``access[:refresh[:id]]``; see ``SignIn.profile_of``."""
        parts = [*token.split(self._separator, _MOST_PARTS - 1), "", ""][:_MOST_PARTS]
        tokens = IdpTokens(parts[0].strip(), parts[1].strip() or None, parts[2].strip() or None)
        if not tokens.access:
            raise SignInError(reason="there is no token")
        client, secret = settings.credentials(self.prefix)
        if client and secret:
            await self._check(settings, client, secret, tokens)
        return await self.profile(settings, tokens)

    async def _check(
        self, settings: SignInSettings, client: str, secret: str, tokens: IdpTokens
    ) -> None:
        """Refuse an access token of another client, in whichever way the provider tells.

        Without ``issuer`` and ``introspection_url`` there is none.
        """
        issuer = await self._of(settings).issuer()
        if issuer is not None and tokens.id:
            return  # ``_told`` verifies the ID token, and that both are of one person
        url = await self._of(settings).url("introspection_url", "introspection_endpoint")
        if url:
            fields = {"token": tokens.access or "", "client_id": client, "client_secret": secret}
            about = object_of(await self.post(url, fields, {}), "the introspection endpoint")
            if not is_true(about.get("active")) or not _is_for(client, about):
                raise SignInError(reason="the access token is not active for this client")
        elif issuer is not None:
            claims = await self._id_tokens.claims_of(tokens.access or "", issuer)
            if not _is_for(client, claims):
                raise SignInError(reason="the access token is of another client")

    # ---- profiles -----------------------------------------------------------------------------

    async def profile(self, settings: SignInSettings, tokens: IdpTokens) -> Profile:
        """Return whom the tokens belong to."""
        claims, told = await self._told(settings, tokens)
        found = Fields(settings, self.section, {**claims, **told})
        key = found.of("id")
        if not key:
            raise SignInError(reason=f"the profile has no {found.name_of('id')!r}")
        usable_key(key)
        domain = self._of(settings).text("domain", "paraio.com") or "scoold.com"
        parts = [found.of("given_name"), found.of("family_name")]
        # Whoever tells the address tells whether it was verified.
        addressed = Fields(settings, self.section, told)
        if not addressed.of("email"):
            addressed = Fields(settings, self.section, claims)
        email = addressed.of("email")
        picture, load_picture = self._picture(settings, found.of("picture"), tokens)
        keeps = self._of(settings).flag("token_delegation_enabled")
        return Profile(
            identifier=f"{self.prefix}:{key}",
            email=email,
            email_is_verified=bool(email) and is_true(addressed.value("email_verified")),
            fallback_email=key if is_email(key) else f"{key}@{domain}",
            name=found.of("name"),
            fallback_name=" ".join(filter(None, parts)) or "No Name",
            picture=picture,
            load_picture=load_picture,
            tokens=tokens if keeps else None,
        )

    async def _told(
        self, settings: SignInSettings, tokens: IdpTokens
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a verified ID token and the profile say; either may be empty.

        Raises:
            SignInError: There is neither of them, or the profile does not name the subject of the
                ID token, as it has to by OpenID Connect Core 1.0, section 5.3.2.
        """
        claims: dict[str, Any] = {}
        issuer = await self._of(settings).issuer()
        if issuer is not None and tokens.id:
            client, _ = self._credentials(settings)
            claims = await self._id_tokens.verify(tokens.id, issuer, client=client)
        url = await self._of(settings).url("profile_url", "userinfo_endpoint")
        if not url and not claims:
            raise SignInError(reason=f"the app does not use {self.names[0]}")
        profile = await self._profile_at(settings, url, tokens) if url else {}
        if claims and url and profile.get("sub") != claims["sub"]:
            raise SignInError(
                reason="the ID token and the profile are of different people, "
                "or the profile has no 'sub'"
            )
        return claims, profile

    async def _profile_at(
        self, settings: SignInSettings, url: str, tokens: IdpTokens
    ) -> dict[str, Any]:
        headers = {**bearer(tokens.access), **self._of(settings).headers}
        reply = await self.tools.outbound.send("GET", url, headers=headers)
        if reply.status != _OK:
            raise SignInError(reason=f"the profile answers {reply.status}")
        return object_of(reply, "the profile")

    def _picture(
        self, settings: SignInSettings, url: str, tokens: IdpTokens
    ) -> tuple[str | None, Callable[[str], Awaitable[str | None]] | None]:
        if not self._of(settings).flag("download_avatars") or not url:
            return plain(url), None
        home = urlsplit(self._of(settings).text("profile_url")).netloc
        headers = bearer(tokens.access) if home and urlsplit(url).netloc == home else {}

        async def load_picture(userid: str) -> str | None:
            return await keep_picture(
                self.tools, url, headers, settings.appid, userid
            ) or picture_at(url)

        return None, load_picture

    # ---- delegation ---------------------------------------------------------------------------

    def delegates(self, settings: SignInSettings, identifier: str) -> bool:
        """Tell whether the provider decides about the tokens of a user."""
        is_ours = identifier.lower().startswith(f"{self.prefix}:")
        return is_ours and self._of(settings).flag("token_delegation_enabled")

    async def renew(
        self, settings: SignInSettings, identifier: str, tokens: IdpTokens
    ) -> IdpTokens | None:
        """Return the tokens if they still open the profile, refreshed when they must be."""
        if tokens.access and await self._opens(settings, identifier, tokens):
            return tokens
        if not tokens.refresh:
            return None
        try:
            fresh = await self._refreshed(settings, tokens)
        except SignInError:
            return None
        return fresh if await self._opens(settings, identifier, fresh) else None

    async def _opens(self, settings: SignInSettings, identifier: str, tokens: IdpTokens) -> bool:
        try:
            url = await self._of(settings).url("profile_url", "userinfo_endpoint")
            profile = await self._profile_at(settings, url, tokens)
        except SignInError:
            return False
        key = Fields(settings, self.section, profile).of("id")
        return identifier.partition(":")[2] == key

    async def _refreshed(self, settings: SignInSettings, tokens: IdpTokens) -> IdpTokens:
        client, secret = self._credentials(settings)
        fields = {
            "refresh_token": tokens.refresh or "",
            **self.more_fields(settings),
            "client_id": client,
            "client_secret": secret,
            "grant_type": "refresh_token",
        }
        answer = await self.ask_for_token(settings, fields)
        return IdpTokens(
            access=self.required(answer, "access_token"),
            refresh=text_in(answer, "refresh_token") or tokens.refresh,
            id=text_in(answer, "id_token") or None,
        )


class OAuth2Second(OAuth2):
    """The second generic provider, ``security.oauthsecond.…``."""

    names = ("oauth2second",)
    paths = ("/oauth2second_auth",)
    title = "OpenID Connect (second)"
    prefix = "oa2second"
    section = "security.oauthsecond"


class OAuth2Third(OAuth2):
    """The third generic provider, ``security.oauththird.…``."""

    names = ("oauth2third",)
    paths = ("/oauth2third_auth",)
    title = "OpenID Connect (third)"
    prefix = "oa2third"
    section = "security.oauththird"


def _is_for(client: str, claims: Mapping[str, Any]) -> bool:
    """Tell whether an access token was made for a client; providers say it in different places."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    return client in (claims.get("azp"), claims.get("client_id"), *audiences)
