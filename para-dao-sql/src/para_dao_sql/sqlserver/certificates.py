"""Whether a certificate is that of the server that was asked for.

python-tds 1.17 looks for names in a certificate in a way that pyOpenSSL has given up, and fails
with every certificate that names its server as certificates do today. This stands in its place.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

__all__ = ["check_name", "is_named"]


def check_name(cert: Any, name: bytes) -> bool:  # noqa: ANN401 (that of pyOpenSSL)
    """Do what the driver's own ``validate_host`` should do."""
    return is_named(cert.to_cryptography(), name.decode("ascii"))


def is_named(certificate: x509.Certificate, name: str) -> bool:
    """Tell whether a certificate names a host; its common name counts only without other names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return any(_fits(str(one.value), name) for one in common)
    try:
        return ipaddress.ip_address(name) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        return any(_fits(one, name) for one in names.get_values_for_type(x509.DNSName))


def _fits(pattern: str, name: str) -> bool:
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if not pattern.startswith("*."):
        return pattern == name
    _, dot, domain = name.partition(".")
    return dot == "." and domain == pattern[2:] and "." in domain
