"""Whose certificate it is."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from para_dao_sql.sqlserver.certificates import is_named


def certificate(common: str, *names: str) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
    )
    if names:
        listed: list[x509.GeneralName] = [
            x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
            for name in names
        ]
        made = made.add_extension(x509.SubjectAlternativeName(listed), critical=False)
    return made.sign(key, hashes.SHA256())


@pytest.mark.parametrize(
    ("names", "host", "fits"),
    [
        (("db.example.org",), "db.example.org", True),
        (("DB.example.org",), "db.EXAMPLE.org.", True),
        (("db.example.org",), "other.example.org", False),
        (("*.example.org",), "db.example.org", True),
        (("*.example.org",), "a.db.example.org", False),
        (("*.example.org",), "example.org", False),
        (("*.org",), "example.org", False),
        (("10.0.0.5",), "10.0.0.5", True),
        (("10.0.0.5",), "10.0.0.6", False),
        (("other.example.org",), "common.example.org", False),
        ((), "common.example.org", True),
        ((), "db.example.org", False),
    ],
)
def test_a_certificate_names_its_server(names: tuple[str, ...], host: str, *, fits: bool) -> None:
    assert is_named(certificate("common.example.org", *names), host) is fits
