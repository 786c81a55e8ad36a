"""Signatures on SAML documents. signxml verifies and makes them; here it is said what is wanted.

Only what ``signed`` returns may be believed: the bytes that were signed, parsed again. Whatever
else a document has beside them is not looked at.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from para_core.contracts.signin import SignInError
from para_server.signin.providers.saml.xml import ASSERTION, DSIG, qualified

if TYPE_CHECKING:
    from cryptography import x509

    from para_server.signin.providers.saml.settings import PrivateKey

__all__ = ["has_signature", "sign", "signed"]

logger = logging.getLogger(__name__)

_SIGNATURE = qualified(DSIG, "Signature")
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_IN_ASSERTION = f"./{qualified(ASSERTION, 'Assertion')}/"
_METHODS = (
    *("RSA_SHA256", "RSA_SHA384", "RSA_SHA512"),
    *("SHA256_RSA_MGF1", "SHA384_RSA_MGF1", "SHA512_RSA_MGF1"),
    *("ECDSA_SHA256", "ECDSA_SHA384", "ECDSA_SHA512"),
)
_DIGESTS = ("SHA256", "SHA384", "SHA512")


def has_signature(element: Any) -> bool:  # noqa: ANN401 - lxml has no types
    """Tell whether an element is signed as a whole, by a signature among its children."""
    return element.find(_SIGNATURE) is not None


def signed(root: Any, element: Any, certificates: Sequence[x509.Certificate]) -> Any:  # noqa: ANN401
    """Return an element as it was signed by one of these certificates' keys.

    Args:
        root: The whole document.
        element: The root itself, or an assertion among its children; it has an id.
        certificates: Of the identity provider, from its metadata or the settings. What the
            document brings along is not asked.

    Raises:
        SignInError: There is no signature, it is another's, or it covers something else.
    """
    from lxml.etree import LxmlError
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    if len(element.findall(_SIGNATURE)) != 1:
        raise SignInError(reason="an element has no signature, or several")
    config = SignatureConfiguration(
        location="./" if element is root else _IN_ASSERTION,
        expect_references=1,
        signature_methods=frozenset(SignatureMethod[name] for name in _METHODS),
        digest_algorithms=frozenset(DigestAlgorithm[name] for name in _DIGESTS),
    )
    failure = "the identity provider has no certificate"
    for certificate in certificates:
        try:
            result = XMLVerifier().verify(
                root,
                x509_cert=certificate,
                id_attribute="ID",
                expect_config=replace(config, verification_time=_time_within(certificate)),
            )
        except (SignXMLException, LxmlError, ValueError, KeyError, TypeError) as error:
            failure = str(error)[:200]
            continue
        found = None if isinstance(result, list) else result.signed_xml
        if found is None or found.tag != element.tag or found.get("ID") != element.get("ID"):
            raise SignInError(reason="the signature covers something else")
        return found
    raise SignInError(reason=f"the signature is not valid: {failure}")


def sign(element: Any, key: PrivateKey, certificate: x509.Certificate) -> Any:  # noqa: ANN401
    """Return an element with a signature of it among its children."""
    from signxml.algorithms import SignatureConstructionMethod, SignatureMethod
    from signxml.signer import XMLSigner

    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    method = SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=method,
        c14n_algorithm=_EXCLUSIVE,
    )
    pem = certificate.public_bytes(Encoding.PEM).decode()
    return signer.sign(element, key=key, cert=pem, reference_uri=element.get("ID"))


def _time_within(certificate: x509.Certificate) -> datetime.datetime:
    """Return now, or the end of a certificate that is over.

    It is believed because somebody has configured it, not because of its dates; many identity
    providers use one for long after. What it signs has dates of its own.
    """
    now = datetime.datetime.now(datetime.UTC)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begin <= now <= end:
        logger.warning("the certificate of an identity provider is not valid now")
    return max(begin, min(now, end))
