"""Certificates of tests are trusted by who is told of them, and by nobody else."""

from __future__ import annotations

import ssl
from pathlib import Path

from para_core.testing.certificates import NEEDS_OPENSSL, make_certificate

pytestmark = NEEDS_OPENSSL


def test_a_certificate_is_its_own_authority_and_has_its_key(tmp_path: Path) -> None:
    made = make_certificate(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(made.file, made.key)
    client = ssl.create_default_context(cafile=str(made.file))
    (known,) = client.get_ca_certs()
    assert known["subject"] == known["issuer"]
    assert ("DNS", "localhost") in known["subjectAltName"]
