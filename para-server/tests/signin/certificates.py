"""Certificates that tests make for themselves."""

from __future__ import annotations

import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ..issuing import builder, private_pem  # noqa: TID252 - tests have no absolute names


def self_signed(folder: Path, name: str) -> ssl.SSLContext:
    """Write ``cert.pem`` and ``key.pem`` for a host name; return what a server needs of them."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        builder(name, key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(private_pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
