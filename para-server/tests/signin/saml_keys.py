"""Keys of identity and service providers, and signing and encrypting with them."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from ..issuing import builder, private_pem  # noqa: TID252 - tests have no absolute names
from .saml_responses import ASSERTION

DSIG = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"


@dataclass(frozen=True)
class Pair:
    """A private key and its certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def certificate_setting(self) -> str:
        return base64.b64encode(self.certificate_pem.encode()).decode()

    @property
    def key_setting(self) -> str:
        return base64.b64encode(private_pem(self.key)).decode()


@lru_cache
def pair(name: str, *, days: int = 30) -> Pair:
    """Return the key pair of a party; the same one for the same name."""
    key = rsa.generate_private_key(65537, 2048)
    made = builder(name, key, days=days, days_before=400)
    return Pair(key, made.sign(key, hashes.SHA256()))


def parsed(text: str) -> Any:  # noqa: ANN401 - lxml has no types
    return etree.fromstring(text.encode())


def encoded(root: Any) -> str:  # noqa: ANN401
    text = root.encode() if isinstance(root, str) else etree.tostring(root)
    return base64.b64encode(text).decode()


def signed(root: Any, by: Pair, key: str, *, sha1: bool = False) -> Any:  # noqa: ANN401
    """Return a document with a signature on the element with this id, by an identity provider."""
    target = next(element for element in root.iter() if element.get("ID") == key)
    signer = _OldSigner if sha1 else XMLSigner
    done = signer(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA1 if sha1 else SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA1 if sha1 else DigestAlgorithm.SHA256,
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    ).sign(target, key=by.key, cert=by.certificate_pem, reference_uri=key)
    signature = done.find(f"{{{DSIG}}}Signature")
    done.remove(signature)
    done.insert(1, signature)  # after the issuer, where the schema wants it
    if target is root:
        return done
    target.getparent().replace(target, done)
    return root


class _OldSigner(XMLSigner):
    """Signs with what is not safe any more."""

    def check_deprecated_methods(self) -> None:
        """Allow it."""


def encrypted(root: Any, to: Pair, *, method: str = "aes256-gcm") -> Any:  # noqa: ANN401
    """Return a response whose assertion only one party can read."""
    assertion = root.find(f"{{{ASSERTION}}}Assertion")
    text, secret = etree.tostring(assertion), os.urandom(32)
    if method.endswith("gcm"):
        nonce = os.urandom(12)
        data, namespace = nonce + AESGCM(secret).encrypt(nonce, text, None), XENC11
    else:
        start, count = os.urandom(16), 16 - len(text) % 16
        cipher = Cipher(algorithms.AES(secret), modes.CBC(start)).encryptor()
        filled = text + os.urandom(count - 1) + bytes([count])
        data, namespace = start + cipher.update(filled) + cipher.finalize(), XENC
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - usual here
    wrapped = to.key.public_key().encrypt(secret, oaep)
    shell = etree.fromstring(
        f'<saml:EncryptedAssertion xmlns:saml="{ASSERTION}">'
        f'<xenc:EncryptedData xmlns:xenc="{XENC}">'
        f'<xenc:EncryptionMethod Algorithm="{namespace}{method}"/><ds:KeyInfo xmlns:ds="{DSIG}">'
        f'<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{XENC}rsa-oaep-mgf1p"/>'
        f"<xenc:CipherData><xenc:CipherValue>{base64.b64encode(wrapped).decode()}"
        "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData>"
        f"<xenc:CipherValue>{base64.b64encode(data).decode()}</xenc:CipherValue>"
        "</xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>"
    )
    root.replace(assertion, shell)
    return root
