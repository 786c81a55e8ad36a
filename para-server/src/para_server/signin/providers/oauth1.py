"""OAuth 1.0a: requests signed with HMAC-SHA1 (RFC 5849), which Twitter wants."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

__all__ = ["Signer"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the requests of one client, on behalf of a person when there is a token."""

    client: str
    secret: str
    token: str = ""
    token_secret: str = ""
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    timestamp: int = field(default_factory=lambda: int(time.time()))

    def header(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        **more: str,
    ) -> str:
        """Return the header ``Authorization`` of a request.

        Args:
            method: Of the request.
            url: Without query.
            params: Of the query and the form, decoded.
            more: Further parameters of the header, such as ``oauth_callback``, decoded.
        """
        own = {
            **more,
            "oauth_consumer_key": self.client,
            "oauth_nonce": self.nonce,
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(self.timestamp),
            "oauth_version": "1.0",
        }
        if self.token:
            own["oauth_token"] = self.token
        own["oauth_signature"] = self.signature(method, url, {**(params or {}), **own})
        pairs = (f'{_quoted(name)}="{_quoted(own[name])}"' for name in sorted(own))
        return f"OAuth {', '.join(pairs)}"

    def signature(self, method: str, url: str, params: Mapping[str, str]) -> str:
        """Return the signature of a request with these parameters, all of them decoded."""
        pairs = sorted((_quoted(name), _quoted(value)) for name, value in params.items())
        text = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join([method.upper(), _quoted(_base(url)), _quoted(text)])
        key = f"{_quoted(self.secret)}&{_quoted(self.token_secret)}"
        digest = hmac.digest(key.encode(), base.encode(), hashlib.sha1)
        return base64.b64encode(digest).decode()


def _base(url: str) -> str:
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    is_usual = parts.port is None or parts.port == _DEFAULT_PORTS.get(scheme)
    return f"{scheme}://{host}{'' if is_usual else f':{parts.port}'}{parts.path or '/'}"


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")
