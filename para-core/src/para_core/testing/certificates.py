"""Certificates for servers of a test, made by the command ``openssl``."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["NEEDS_OPENSSL", "Certificate", "make_certificate"]

NEEDS_OPENSSL = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="needs openssl for a certificate"
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files of one, in PEM."""

    file: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Make a certificate for the name localhost, which is its own authority."""
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    subprocess.run(  # noqa: S603 - fixed words
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(made.key), "-out", str(made.file)),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return made
