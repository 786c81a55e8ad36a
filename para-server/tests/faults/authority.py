"""An authority whose certificates only tests trust."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ..issuing import builder, private_pem  # noqa: TID252 - tests have no absolute names

NAME = "authority of a test"


class Authority:
    """Issues certificates for ``localhost``, each with a name of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        made = builder(NAME, self._key, days=2).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.pem = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def pair(self, name: str, *, days: int = 1) -> tuple[bytes, bytes]:
        """Return a new certificate, good for so many days from now, and its key, in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = builder(name, key, issuer=NAME, days=days).add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
        signed = made.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM), private_pem(key)
