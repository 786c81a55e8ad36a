"""Encryption as SQL Server has it: the handshake goes in packets of TDS, all else around them."""

from __future__ import annotations

import ssl
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["encrypted", "make_certificate"]

_PRELOGIN = 18


class Line(Protocol):
    """What a socket and an encrypted one have in common."""

    def recv(self, size: int) -> bytes:
        """Return the next bytes."""

    def sendall(self, data: bytes) -> None:
        """Send bytes."""


class _Encrypted:
    """A line whose bytes are encrypted."""

    def __init__(self, line: Line, certificate: ssl.SSLContext) -> None:
        self._line = line
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = certificate.wrap_bio(self._came, self._goes, server_side=True)

    def shake_hands(self) -> None:
        """Agree on keys, in packets like those before the login."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._send_packet(self._goes.read())
                self._came.write(self._receive_packet())
            else:
                self._send_packet(self._goes.read())
                return

    def recv(self, size: int) -> bytes:
        """Return the next bytes."""
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                found = self._line.recv(65536)
                if not found:
                    return b""
                self._came.write(found)

    def sendall(self, data: bytes) -> None:
        """Send bytes."""
        self._tls.write(data)
        self._line.sendall(self._goes.read())

    def _send_packet(self, body: bytes) -> None:
        if body:
            head = struct.pack(">BBHHBB", _PRELOGIN, 1, len(body) + 8, 0, 1, 0)
            self._line.sendall(head + body)

    def _receive_packet(self) -> bytes:
        body, is_last = b"", False
        while not is_last:
            _, status, size = struct.unpack_from(">BBH", self._exactly(8))
            body += self._exactly(size - 8)
            is_last = bool(status & 1)
        return body

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            part = self._line.recv(size - len(found))
            if not part:
                raise ConnectionError("the other side has gone")
            found += part
        return found


def encrypted(line: Line, certificate: ssl.SSLContext) -> _Encrypted:
    """Return an encrypted line, after the handshake."""
    made = _Encrypted(line, certificate)
    made.shake_hands()
    return made


def make_certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """Return what a server of that name needs, and the file by which its clients check it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return context, file
