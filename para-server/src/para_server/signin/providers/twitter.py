"""Signing in with Twitter, now X."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl, urlencode

from para_core.contracts.signin import (
    Cookie,
    Document,
    Profile,
    Redirect,
    SignIn,
    SignInError,
    SignInSettings,
    SignInTools,
    Visit,
)
from para_server.signin.providers.oauth1 import Signer
from para_server.signin.providers.replies import object_of, plain, text_in, usable_key

__all__ = ["Twitter"]

_COOKIE = "para-twitter"
_LIFE_SEC = 600
_OK = 200
_WITH_EMAIL = {"include_email": "true"}


class Twitter(SignIn):
    """Twitter's API of version 1.1, with OAuth 1.0a. Source: Para 1.54, ``TwitterAuthFilter``.

    Here it is always the server that starts: it asks for a request token, which only the browser
    that it was asked for can finish with. Twitter tells an address only if it was verified.
    """

    names = ("twitter",)
    paths = ("/twitter_auth",)
    title = "X (Twitter)"
    prefix = "tw"

    def __init__(
        self, tools: SignInTools, api: str = "https://api.twitter.com", *, separator: str = ":"
    ) -> None:
        self._tools, self._api, self._separator = tools, api, separator

    async def profile_of(self, settings: SignInSettings, token: str) -> Profile:
        """Return who presents ``token:secret``; tokens of other applications are refused."""
        key, _, secret = token.partition(self._separator)
        if not (key.strip() and secret.strip()):
            raise SignInError(reason="the token is not token:secret")
        return await self._profile(settings, key.strip(), secret.strip())

    def entrance(self, settings: SignInSettings, redirect_uri: str, state: str) -> str:
        """Return our own endpoint, which asks for a request token."""
        del state
        if not all(settings.credentials(self.prefix)):
            return ""
        sign = "&" if "?" in redirect_uri else "?"
        return f"{redirect_uri}{sign}{urlencode({'appid': settings.appid})}"

    async def finish(self, visit: Visit) -> Profile | Redirect | Document:
        """Send a browser to Twitter, or return who comes back from there."""
        if visit.param("denied"):
            raise SignInError("Cancelled.")
        verifier, token = visit.param("oauth_verifier").strip(), visit.param("oauth_token").strip()
        if not verifier:
            return await self._start(visit)
        if not token or visit.cookie(_COOKIE) != _fingerprint(token):
            raise SignInError(reason="the sign-in was started in another browser")
        signer = await self._signer(visit.settings, token)
        url = f"{self._api}/oauth/access_token"
        fields = {"oauth_verifier": verifier}
        answer = await self._ask(url, signer.header("POST", url, params=fields), fields)
        key, secret = answer.get("oauth_token", ""), answer.get("oauth_token_secret", "")
        if not (key and secret):
            raise SignInError(reason="Twitter answers without a token")
        return await self._profile(visit.settings, key, secret)

    async def _start(self, visit: Visit) -> Redirect:
        client, secret = self._credentials(visit.settings)
        url = f"{self._api}/oauth/request_token"
        header = Signer(client, secret).header("POST", url, oauth_callback=_callback(visit))
        answer = await self._ask(url, header, {})
        token = answer.get("oauth_token", "")
        if not token or answer.get("oauth_callback_confirmed", "true") != "true":
            raise SignInError(reason="Twitter answers without a request token")
        await self._tools.cache.put_value(
            visit.settings.appid,
            _name(token),
            answer.get("oauth_token_secret", ""),
            ttl_sec=_LIFE_SEC,
        )
        where = f"{self._api}/oauth/authenticate?{urlencode({'oauth_token': token})}"
        return Redirect(where, (Cookie(_COOKIE, _fingerprint(token), max_age_sec=_LIFE_SEC),))

    async def _signer(self, settings: SignInSettings, token: str) -> Signer:
        client, secret = self._credentials(settings)
        kept = await self._tools.cache.value(settings.appid, _name(token))
        await self._tools.cache.put_value(settings.appid, _name(token), None)
        return Signer(client, secret, token, kept if isinstance(kept, str) else "")

    async def _ask(self, url: str, header: str, fields: dict[str, str]) -> dict[str, str]:
        headers = {
            "Authorization": header,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urlencode(fields).encode()
        reply = await self._tools.outbound.send("POST", url, headers=headers, body=body)
        if reply.status != _OK:
            raise SignInError(reason=f"Twitter answers {reply.status}")
        return dict(parse_qsl(reply.body.decode("utf-8", "replace")))

    async def _profile(self, settings: SignInSettings, token: str, secret: str) -> Profile:
        client, client_secret = self._credentials(settings)
        url = f"{self._api}/1.1/account/verify_credentials.json"
        signer = Signer(client, client_secret, token, secret)
        header = signer.header("GET", url, params=_WITH_EMAIL)
        reply = await self._tools.outbound.send(
            "GET", f"{url}?{urlencode(_WITH_EMAIL)}", headers={"Authorization": header}
        )
        found = object_of(reply, "Twitter")
        key = usable_key(text_in(found, "id_str"))
        return Profile(
            identifier=f"tw:{key}",
            email=text_in(found, "email"),
            email_is_verified=bool(text_in(found, "email")),
            fallback_email="{id}@twitter.com",
            name=text_in(found, "name") or text_in(found, "screen_name"),
            picture=plain(text_in(found, "profile_image_url_https").replace("_normal", "")),
        )

    def _credentials(self, settings: SignInSettings) -> tuple[str, str]:
        client, secret = settings.credentials(self.prefix)
        if not (client and secret):
            raise SignInError(reason="the app has no credentials at Twitter")
        return client, secret


def _callback(visit: Visit) -> str:
    """Return where Twitter sends the browser back, with the app once."""
    appid = visit.param("appid") or visit.settings.appid
    url = visit.redirect_uri
    if not appid or visit.param("appid"):
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'appid': appid})}"


def _name(token: str) -> str:
    return f"sign-in:twitter:{_fingerprint(token)}"


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
