"""oidc-provider from npm: the certified OpenID Connect provider, with its pages for developers."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from pathlib import Path

from scripts.services.packages import install_node, node_modules
from scripts.services.service import Place, Service

_PACKAGE = "oidc-provider@9.13.3"
_PROGRAM = Path(__file__).with_name("programs") / "oidc_provider.mjs"
CALLBACK = "https://para.example/oauth2_auth"


def _prepare(place: Place) -> list[str]:
    program = node_modules("oidc") / _PROGRAM.name  # beside node_modules, where Node.js looks
    shutil.copy(_PROGRAM, program)
    return ["node", str(program), str(place.port), CALLBACK]


def _is_ready(place: Place) -> bool:
    try:
        url = f"{_url(place)}/.well-known/openid-configuration"
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - of this machine
            return True
    except (urllib.error.URLError, OSError):
        return False


def _url(place: Place) -> str:
    return f"http://127.0.0.1:{place.port}"


OIDC = Service(
    name="oidc",
    port=18450,
    packages=[],
    is_installed=(node_modules("oidc") / "node_modules" / "oidc-provider").is_dir,
    install=lambda: install_node("oidc", _PACKAGE),
    prepare=_prepare,
    is_ready=_is_ready,
    url=_url,
)
