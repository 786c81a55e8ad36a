"""What is known of an identity provider: from its metadata, which is kept, and the settings."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cryptography import x509

from para_core.contracts.signin import SignInError
from para_core.errors import UnavailableError
from para_server.signin.providers.descriptions import Descriptions
from para_server.signin.providers.saml.settings import certificate_of
from para_server.signin.providers.saml.xml import DSIG, METADATA, parse, qualified

if TYPE_CHECKING:
    from para_core.contracts.outbound import OutboundReply
    from para_core.contracts.signin import SignInTools
    from para_server.signin.providers.saml.settings import SamlSettings

__all__ = ["IdentityProvider", "IdentityProviders", "described"]

_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_ABOUT = "the metadata of the identity provider"
_OK = 200
_USABLE_MS = 86_400_000  # while it cannot be fetched again
_LARGEST, _ROOM = 8_388_608, 33_554_432  # bytes; those of a whole federation have several million


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """Who signs people in: its name, where browsers go, and the certificates it signs with."""

    entityid: str
    sso_url: str
    certificates: tuple[x509.Certificate, ...]
    wants_signed_requests: bool = False


class IdentityProviders:
    """Finds identity providers; metadata is fetched once an hour, and outlives an outage a day."""

    def __init__(self, tools: SignInTools) -> None:
        self._metadata = Descriptions(
            tools, _check, largest_bytes=_LARGEST, room_bytes=_ROOM, usable_ms=_USABLE_MS
        )

    async def find(
        self, settings: SamlSettings, *, entityid: str = "", anew: bool = False
    ) -> IdentityProvider:
        """Return the identity provider of an app.

        Args:
            settings: The app's; they win over the metadata.
            entityid: Which one of several in the metadata; that of the settings otherwise.
            anew: Look whether the metadata has changed, unless that was done in the last minute.

        Raises:
            SignInError: The metadata or the settings are incomplete.
            UnavailableError: The metadata cannot be fetched, and none is known.
        """
        found = IdentityProvider("", "", ())
        if settings.metadata_url:
            text = await self._metadata.find(settings.metadata_url, _ABOUT, anew=anew)
            wanted = entityid or settings.idp_entityid
            found = await asyncio.to_thread(described, text, wanted)
        own = settings.idp_certificate
        found = replace(
            found,
            entityid=settings.idp_entityid or found.entityid,
            sso_url=settings.sso_url or found.sso_url,
            certificates=(own,) if own is not None else found.certificates,
        )
        if not (found.entityid and found.sso_url and found.certificates):
            raise SignInError(
                reason="the identity provider is not described: security.saml.idp.metadata_url, or "
                "idp.entityid, idp.single_sign_on_service.url and idp.x509cert"
            )
        return found


def described(text: bytes, entityid: str = "") -> IdentityProvider:
    """Return an identity provider that metadata describe.

    Args:
        text: An ``EntityDescriptor``, or several in an ``EntitiesDescriptor``.
        entityid: Which one; the first that is an identity provider otherwise.

    Raises:
        SignInError: There is none, or its description is over.
    """
    root = parse(text, _ABOUT)
    for entity in root.iter(qualified(METADATA, "EntityDescriptor")):
        role = entity.find(qualified(METADATA, "IDPSSODescriptor"))
        name = entity.get("entityID", "")
        if role is None or (entityid and name != entityid):
            continue
        if _is_over(entity) or _is_over(role) or _is_over(root):
            raise SignInError(reason="the metadata of the identity provider are over")
        return IdentityProvider(
            name,
            next((at for binding, at in _services(role) if binding == _REDIRECT), ""),
            tuple(_certificates(role)),
            role.get("WantAuthnRequestsSigned", "") in ("true", "1"),
        )
    raise SignInError(reason="the metadata describe no such identity provider")


def _check(reply: OutboundReply, about: str) -> None:
    if reply.status != _OK:
        raise UnavailableError(f"{about} answers {reply.status}")
    parse(reply.body, about)


def _services(role: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - lxml has no types
    for service in role.findall(qualified(METADATA, "SingleSignOnService")):
        yield service.get("Binding", ""), service.get("Location", "")


def _certificates(role: Any) -> Iterator[x509.Certificate]:  # noqa: ANN401
    for descriptor in role.findall(qualified(METADATA, "KeyDescriptor")):
        if descriptor.get("use", "signing") != "signing":
            continue
        for element in descriptor.iter(qualified(DSIG, "X509Certificate")):
            found = certificate_of("".join((element.text or "").split()))
            if found is not None:
                yield found


def _is_over(element: Any) -> bool:  # noqa: ANN401
    text = element.get("validUntil")
    if not text:
        return False
    try:
        until = datetime.datetime.fromisoformat(text)
    except ValueError:
        return True
    until = until if until.tzinfo else until.replace(tzinfo=datetime.UTC)
    return until < datetime.datetime.now(datetime.UTC)
