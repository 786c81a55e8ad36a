"""Signing in at an identity provider, by SAML 2.0."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

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
from para_core.errors import ParaError, UnavailableError
from para_core.formats import is_email
from para_server.signin.providers.delegated import shaped
from para_server.signin.providers.replies import plain, usable_key
from para_server.signin.providers.saml.documents import metadata, new_id, sign_on_url
from para_server.signin.providers.saml.idp import IdentityProviders
from para_server.signin.providers.saml.responses import Told, accept
from para_server.signin.providers.saml.settings import SamlSettings, saml_settings

if TYPE_CHECKING:
    from para_server.signin.providers.saml.idp import IdentityProvider

__all__ = ["Saml"]

_APP = "{appid}"
_PATH, _METADATA = f"/saml_auth/{_APP}", "/saml_metadata"
_REQUEST_SEC = 600
_MISSING = "SAML needs the package signxml: pip install 'para-server[saml]'"


class Saml(SignIn):
    """SAML 2.0 as a service provider. Source: Para 1.54, ``SAMLAuthFilter``.

    A request is remembered under a random relay state; its answer is taken once.
    """

    paths = (_PATH, _METADATA, f"{_METADATA}/{_APP}")
    title = "Single sign-on"

    def __init__(self, tools: SignInTools) -> None:
        self._tools, self._providers = tools, IdentityProviders(tools)

    def entrance(self, settings: SignInSettings, redirect_uri: str, state: str) -> str:
        """Return our own endpoint, which makes the request."""
        del state
        is_used = settings.appid and settings.text("security.saml.sp.entityid").strip()
        if not is_used or _METADATA in redirect_uri:
            return ""
        return redirect_uri.replace(_APP, settings.appid)

    async def finish(self, visit: Visit) -> Profile | Redirect | Document:
        """Answer with our description, send a browser away, or read what it comes back with."""
        await asyncio.to_thread(_need_library)  # a tenth of a second, the first time
        if visit.path.startswith(_METADATA):
            return await self._metadata(visit)
        settings = saml_settings(visit.settings)
        if not visit.param("SAMLResponse"):
            return await self._start(visit, settings)
        return _profile(settings, await self._told(visit, settings))

    async def _metadata(self, visit: Visit) -> Document:
        try:
            settings = saml_settings(visit.settings)
            await self._providers.find(settings, entityid=visit.param("entityid"))
            found = await asyncio.to_thread(metadata, settings)
        except ParaError as error:
            reason = error.reason if isinstance(error, SignInError) else str(error)
            return Document(f"{reason}\n".encode(), "text/plain;charset=UTF-8", 400)
        return Document(found, "text/xml;charset=UTF-8")

    async def _start(self, visit: Visit, settings: SamlSettings) -> Redirect:
        provider = await self._providers.find(settings)
        request, relay = new_id("ARQ"), new_id("")
        await self._tools.cache.put_value(
            visit.settings.appid, _name(relay), request, ttl_sec=_REQUEST_SEC
        )
        now_ms = self._tools.clock()
        return Redirect(
            sign_on_url(settings, provider, request=request, relay=relay, now_ms=now_ms)
        )

    async def _told(self, visit: Visit, settings: SamlSettings) -> Told:
        """Return what the response says; it counts once, and only for the request it answers."""
        told = await self._accepted(visit.param("SAMLResponse"), settings)
        appid, name = visit.settings.appid, _name(visit.param("RelayState"))
        if told.in_response_to:
            asked = await self._tools.cache.value(appid, name)
            await self._tools.cache.put_value(appid, name, None)
            if asked != told.in_response_to:
                raise SignInError(reason="the response answers a request that is not known here")
        elif not settings.idp_initiated_allowed:
            raise SignInError(reason="nobody asked for the response")
        seconds = max(1.0, (told.until_ms - self._tools.clock()) / 1000 + 60)
        used = f"sign-in:saml:used:{_digest(told.assertion)}"
        if await self._tools.cache.increment(appid, used, ttl_sec=seconds) > 1:
            raise SignInError(reason="the response was used before")
        return told

    async def _accepted(self, response: str, settings: SamlSettings) -> Told:
        """Return what a response says; when that fails, once more with fresh metadata."""
        now_ms = self._tools.clock()
        provider = await self._providers.find(settings)
        try:
            return await asyncio.to_thread(accept, response, settings, provider, now_ms)
        except SignInError:
            fresh = await self._fresh(settings)
            if fresh is None or fresh.certificates == provider.certificates:
                raise
            return await asyncio.to_thread(accept, response, settings, fresh, now_ms)

    async def _fresh(self, settings: SamlSettings) -> IdentityProvider | None:
        try:
            return await self._providers.find(settings, anew=True)
        except (SignInError, UnavailableError):
            return None


def _profile(settings: SamlSettings, told: Told) -> Profile:
    def first(field: str) -> str:
        values = told.attributes.get(settings.attributes[field], ())
        return values[0].strip() if values else ""

    key, email = first("id"), first("email")
    if not key:
        name = settings.attributes["id"]
        raise SignInError(reason=f"the response has no attribute {name!r} with the person's id")
    parts = [first("firstname"), first("lastname")]
    both = " ".join(parts) if all(parts) else ""
    return Profile(
        identifier=f"saml:{usable_key(key)}",
        email=email,
        email_is_verified=bool(email) and settings.emails_are_verified,
        fallback_email=key if is_email(key) else f"{key}@{settings.domain}",
        name=first("name") or both,
        fallback_name="Anonymous",
        picture=plain(first("picture")),
        tokens=_kept(told.attributes) if settings.keeps_profile else None,
        proof=told.assertion,
        proof_ends_ms=told.until_ms,
    )


def _kept(attributes: Mapping[str, Sequence[str]]) -> IdpTokens:
    return IdpTokens(access=shaped({name: list(values) for name, values in attributes.items()}))


def _name(relay: str) -> str:
    return f"sign-in:saml:request:{_digest(relay)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _need_library() -> None:
    try:
        import signxml  # noqa: F401 - loaded, not used
    except ImportError as error:
        raise UnavailableError(_MISSING) from error
