"""What an app says of itself and of its identity provider."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from msgspec import Meta, Struct

from para_core.contracts.signin import SignInError

if TYPE_CHECKING:
    from para_core.contracts.signin import SignInSettings

__all__ = [
    "PrivateKey",
    "SamlAdditions",
    "SamlSettings",
    "base64_of",
    "certificate_of",
    "saml_settings",
]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_LARGEST = 65_536
_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_ATTRIBUTES = {
    "id": "UserID",
    "picture": "Picture",
    "email": "EmailAddress",
    "name": "GivenName",
    "firstname": "FirstName",
    "lastname": "LastName",
}


class SamlAdditions(Struct, frozen=True):
    """Keys of ``para.security.saml`` that the original did not have."""

    emails_are_verified: Annotated[
        bool,
        Meta(
            description="Whether an account with the same, verified address is the same person. "
            "Only for identity providers at which people cannot change their address."
        ),
    ] = False
    idp_initiated_allowed: Annotated[
        bool,
        Meta(
            description="Whether people may come from the identity provider without having started "
            "here."
        ),
    ] = True
    token_delegation_enabled: Annotated[
        bool,
        Meta(description="Whether what the identity provider told is kept with the user."),
    ] = False


@dataclass(frozen=True, slots=True)
class SamlSettings:
    """The settings of one app, with ``security.saml.`` left out of their names."""

    sp_entityid: str
    acs_url: str
    nameid_format: str
    certificate: x509.Certificate | None
    private_key: PrivateKey | None
    metadata_url: str
    idp_entityid: str
    sso_url: str
    idp_certificate: x509.Certificate | None
    signs_requests: bool
    signs_metadata: bool
    attributes: dict[str, str]
    domain: str
    keeps_profile: bool
    emails_are_verified: bool
    idp_initiated_allowed: bool


def saml_settings(settings: SignInSettings) -> SamlSettings:
    """Read the settings of an app. Source: Para 1.54, ``SAMLSettings``.

    Raises:
        SignInError: There is no such app, it does not use SAML, or a key or certificate is none.
    """

    def text(key: str, default: str = "") -> str:
        return settings.text(f"security.saml.{key}", default).strip()

    def flag(key: str, *, default: bool = False) -> bool:
        return settings.flag(f"security.saml.{key}", default=default)

    entityid = text("sp.entityid")
    if not settings.appid or not entityid:
        raise SignInError(reason="the app does not use SAML: security.saml.sp.entityid is not set")
    delegates = settings.flag("security.ldap.token_delegation_enabled")  # the original's key
    return SamlSettings(
        sp_entityid=entityid,
        acs_url=text("sp.assertion_consumer_service.url") or entityid,
        nameid_format=text("sp.nameidformat", _UNSPECIFIED) or _UNSPECIFIED,
        certificate=certificate_of(text("sp.x509cert")),
        private_key=_key_of(text("sp.privatekey")),
        metadata_url=text("idp.metadata_url"),
        idp_entityid=text("idp.entityid"),
        sso_url=text("idp.single_sign_on_service.url"),
        idp_certificate=certificate_of(text("idp.x509cert")),
        signs_requests=flag("security.authrequest_signed") or flag("security.authnrequest_signed"),
        signs_metadata=flag("security.sign_metadata"),
        attributes={
            field: text(f"attributes.{field}", usual) or usual
            for field, usual in _ATTRIBUTES.items()
        },
        domain=text("domain", "paraio.com") or "scoold.com",
        keeps_profile=delegates or flag("token_delegation_enabled"),
        emails_are_verified=flag("emails_are_verified"),
        idp_initiated_allowed=flag("idp_initiated_allowed", default=True),
    )


@lru_cache(maxsize=256)
def certificate_of(text: str) -> x509.Certificate | None:
    """Return a certificate; ``None`` when the text is blank.

    Args:
        text: Base64 of PEM, as the original wants it, or of DER, as metadata has it, or PEM.

    Raises:
        SignInError: It is none of these.
    """
    if not text.strip():
        return None
    try:
        data = _decoded(text)
        if b"BEGIN CERTIFICATE" in data:
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignInError(reason="a certificate in the settings of SAML is none") from error


def base64_of(certificate: x509.Certificate) -> str:
    """Return a certificate as metadata and signatures hold it."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


@lru_cache(maxsize=64)
def _key_of(text: str) -> PrivateKey | None:
    if not text.strip():
        return None
    try:
        key = load_pem_private_key(_decoded(text), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SignInError(reason="security.saml.sp.privatekey is no private key") from error
    if not isinstance(key, PrivateKey):
        raise SignInError(reason="security.saml.sp.privatekey is neither RSA nor EC")
    return key


def _decoded(text: str) -> bytes:
    if len(text) > _LARGEST:  # they are kept by their texts
        raise ValueError("too large")
    if "-----BEGIN" in text:
        return text.encode()
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
