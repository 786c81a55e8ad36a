"""What we tell an identity provider: who we are, and whom we want to know."""

from __future__ import annotations

import base64
import secrets
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from para_core.contracts.signin import SignInError
from para_server.signin.providers.saml.settings import base64_of
from para_server.signin.providers.saml.signatures import sign
from para_server.signin.providers.saml.times import stamp
from para_server.signin.providers.saml.xml import (
    ASSERTION,
    DSIG,
    METADATA,
    PROTOCOL,
    qualified,
)

if TYPE_CHECKING:
    from para_server.signin.providers.saml.idp import IdentityProvider
    from para_server.signin.providers.saml.settings import PrivateKey, SamlSettings

__all__ = ["metadata", "new_id", "sign_on_url"]

_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


def new_id(prefix: str) -> str:
    """Return an id that nobody guesses."""
    return f"{prefix}{secrets.token_hex(20)}"


def sign_on_url(
    settings: SamlSettings, provider: IdentityProvider, *, request: str, relay: str, now_ms: int
) -> str:
    """Return where a browser goes to sign in: a request by redirect, signed when wanted.

    Args:
        settings: The app's.
        provider: Where to.
        request: The id of the request, which the answer must name.
        relay: Comes back with the answer.
        now_ms: The time of the request.

    Raises:
        SignInError: The request must be signed, and the app has no key.
    """
    text = _authn_request(settings, provider, request, stamp(now_ms))
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = base64.b64encode(packer.compress(text) + packer.flush()).decode()
    query = f"SAMLRequest={quote(packed, safe='')}&RelayState={quote(relay, safe='')}"
    if settings.signs_requests or provider.wants_signed_requests:
        if settings.private_key is None:
            raise SignInError(reason="requests must be signed: security.saml.sp.privatekey")
        query += f"&SigAlg={quote(_algorithm(settings.private_key), safe='')}"
        signature = base64.b64encode(_signature(settings.private_key, query.encode())).decode()
        query += f"&Signature={quote(signature, safe='')}"
    return f"{provider.sso_url}{'&' if '?' in provider.sso_url else '?'}{query}"


def metadata(settings: SamlSettings) -> bytes:
    """Return the description of the app as a service provider."""
    from lxml import etree

    names = {"md": METADATA, "ds": DSIG}
    root = etree.Element(
        qualified(METADATA, "EntityDescriptor"), entityID=settings.sp_entityid, nsmap=names
    )
    role = etree.SubElement(
        root,
        qualified(METADATA, "SPSSODescriptor"),
        AuthnRequestsSigned=str(settings.signs_requests).lower(),
        WantAssertionsSigned="true",
        protocolSupportEnumeration=PROTOCOL,
    )
    if settings.certificate is not None and settings.private_key is not None:
        for use in ("signing", "encryption"):
            _key_descriptor(role, use, base64_of(settings.certificate))
    etree.SubElement(role, qualified(METADATA, "NameIDFormat")).text = settings.nameid_format
    etree.SubElement(
        role,
        qualified(METADATA, "AssertionConsumerService"),
        index="1",
        isDefault="true",
        Binding=_POST,
        Location=settings.acs_url,
    )
    if settings.signs_metadata:
        if settings.certificate is None or settings.private_key is None:
            raise SignInError(reason="signed metadata need sp.x509cert and sp.privatekey")
        root.set("ID", new_id("MD"))
        root = sign(root, settings.private_key, settings.certificate)
        return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8")) + b"\n"
    pretty = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return bytes(pretty)


def _authn_request(
    settings: SamlSettings, provider: IdentityProvider, request: str, now: str
) -> bytes:
    from lxml import etree

    root = etree.Element(
        qualified(PROTOCOL, "AuthnRequest"),
        ID=request,
        Version="2.0",
        IssueInstant=now,
        ForceAuthn="false",
        IsPassive="false",
        ProtocolBinding=_POST,
        Destination=provider.sso_url,
        AssertionConsumerServiceURL=settings.acs_url,
        nsmap={"samlp": PROTOCOL, "saml": ASSERTION},
    )
    etree.SubElement(root, qualified(ASSERTION, "Issuer")).text = settings.sp_entityid
    policy = etree.SubElement(root, qualified(PROTOCOL, "NameIDPolicy"))
    policy.set("Format", settings.nameid_format)
    policy.set("AllowCreate", "true")
    return bytes(etree.tostring(root))


def _key_descriptor(role: Any, use: str, certificate: str) -> None:  # noqa: ANN401 - lxml
    from lxml import etree

    descriptor = etree.SubElement(role, qualified(METADATA, "KeyDescriptor"), use=use)
    info = etree.SubElement(descriptor, qualified(DSIG, "KeyInfo"))
    data = etree.SubElement(info, qualified(DSIG, "X509Data"))
    etree.SubElement(data, qualified(DSIG, "X509Certificate")).text = certificate


def _algorithm(key: PrivateKey) -> str:
    return _RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else _ECDSA_SHA256


def _signature(key: PrivateKey, data: bytes) -> bytes:
    """Return the signature of a query, in the form that XML signatures have."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    size = (key.curve.key_size + 7) // 8
    pair = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return b"".join(number.to_bytes(size, "big") for number in pair)
