"""Encrypted assertions (XML Encryption 1.1): opened with the app's key, once they are believed.

What is encrypted must be inside a signed response. Otherwise anybody could alter it and learn from
the answers what it says.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from para_core.contracts.signin import SignInError
from para_server.signin.providers.saml.xml import ASSERTION, DSIG, XENC, parse, qualified

if TYPE_CHECKING:
    from para_server.signin.providers.saml.settings import PrivateKey

__all__ = ["decrypted"]

_XENC11 = "http://www.w3.org/2009/xmlenc11#"
_CBC = {f"{XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
_GCM = {f"{_XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
_OAEP_SHA1, _OAEP = f"{XENC}rsa-oaep-mgf1p", f"{_XENC11}rsa-oaep"
_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    f"{DSIG}sha1": hashes.SHA1,  # nothing depends on collisions here
    f"{XENC}sha256": hashes.SHA256,
    f"{XENC}sha512": hashes.SHA512,
}
_MGFS: dict[str, type[hashes.HashAlgorithm]] = {
    f"{_XENC11}mgf1sha1": hashes.SHA1,
    f"{_XENC11}mgf1sha256": hashes.SHA256,
    f"{_XENC11}mgf1sha512": hashes.SHA512,
}
_BLOCK, _NONCE = 16, 12


def decrypted(element: Any, key: PrivateKey | None) -> Any:  # noqa: ANN401 - lxml has no types
    """Return the assertion inside an ``EncryptedAssertion`` that is part of something signed.

    Raises:
        SignInError: It was encrypted for another key, or in a way that is not supported: keys by
            RSA-OAEP and contents by AES in CBC or GCM mode are.
    """
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SignInError(reason="an encrypted assertion needs security.saml.sp.privatekey, RSA")
    data = element.find(qualified(XENC, "EncryptedData"))
    wrapped = next(element.iter(qualified(XENC, "EncryptedKey")), None)
    if data is None or wrapped is None:
        raise SignInError(reason="an encrypted assertion has no data or no key")
    try:
        secret = key.decrypt(_value(wrapped), _padding(wrapped))
        text = _opened(_method(data), secret, _value(data))
    except (ValueError, InvalidTag, UnsupportedAlgorithm, binascii.Error) as error:
        raise SignInError(reason="an encrypted assertion cannot be opened") from error
    found = parse(text, "the encrypted assertion")
    if found.tag != qualified(ASSERTION, "Assertion"):
        raise SignInError(reason="what was encrypted is no assertion")
    return found


def _method(element: Any) -> str:  # noqa: ANN401
    method = element.find(qualified(XENC, "EncryptionMethod"))
    return "" if method is None else method.get("Algorithm", "")


def _value(element: Any) -> bytes:  # noqa: ANN401
    text = element.findtext(f"{qualified(XENC, 'CipherData')}/{qualified(XENC, 'CipherValue')}")
    return base64.b64decode("".join((text or "").split()), validate=True)


def _padding(wrapped: Any) -> padding.OAEP:  # noqa: ANN401
    method = wrapped.find(qualified(XENC, "EncryptionMethod"))
    name = _method(wrapped)
    if name not in (_OAEP, _OAEP_SHA1):
        raise SignInError(reason="the key of an encrypted assertion is not wrapped by RSA-OAEP")
    digest = method.find(qualified(DSIG, "DigestMethod"))
    mgf = method.find(qualified(_XENC11, "MGF"))
    hashing = _DIGESTS.get(f"{DSIG}sha1" if digest is None else digest.get("Algorithm", ""))
    masking = hashes.SHA1 if mgf is None else _MGFS.get(mgf.get("Algorithm", ""))
    if hashing is None or masking is None:
        raise SignInError(reason="the key of an encrypted assertion uses an unknown digest")
    return padding.OAEP(padding.MGF1(masking()), hashing(), None)


def _opened(method: str, secret: bytes, data: bytes) -> bytes:
    size = _CBC.get(method) or _GCM.get(method)
    if size is None or len(secret) != size:
        raise ValueError(method)
    if method in _GCM:
        return AESGCM(secret).decrypt(data[:_NONCE], data[_NONCE:], None)
    opener = Cipher(algorithms.AES(secret), modes.CBC(data[:_BLOCK])).decryptor()
    text = opener.update(data[_BLOCK:]) + opener.finalize()
    count = text[-1] if text else 0
    if not 1 <= count <= _BLOCK:
        raise ValueError("padding")
    return text[:-count]
