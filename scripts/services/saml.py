"""A SAML identity provider that signs with xmlsec1, so not with the library that we verify with."""

from __future__ import annotations

import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path

from scripts.services.certificates import write_certificate
from scripts.services.service import Place, Service

_PROGRAM = Path(__file__).with_name("programs") / "saml_idp.py"


def _prepare(place: Place) -> list[str]:
    write_certificate(place.folder)
    return [sys.executable, str(_PROGRAM), str(place.port), str(place.folder.absolute())]


def _is_ready(place: Place) -> bool:
    try:
        with urllib.request.urlopen(_url(place), timeout=1):  # noqa: S310 - of this machine
            return True
    except (urllib.error.URLError, OSError):
        return False


def _url(place: Place) -> str:
    return f"http://127.0.0.1:{place.port}/metadata"


SAML = Service(
    name="saml",
    port=18443,
    packages=["xmlsec1"],
    is_installed=lambda: shutil.which("xmlsec1") is not None,
    prepare=_prepare,
    is_ready=_is_ready,
    url=_url,
)
