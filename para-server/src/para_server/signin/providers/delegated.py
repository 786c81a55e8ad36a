"""What a user keeps of a provider whose tokens are no JSON Web Tokens: something of that shape.

Programs read ``idpAccessToken`` of a user as a token and look into its middle part. It is not
signed, and nobody takes it for a proof. Source: Para 1.54, the filters of Amazon, Slack, LDAP.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

import msgspec

from para_core.text import base64_url_encode

__all__ = ["shaped", "wrapped"]

_HEAD = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"


def wrapped(token: str, end: str) -> str:
    """Return an opaque access token in the shape of a JSON Web Token."""
    text = msgspec.json.encode({"access_token": token})
    return f"{_HEAD}.{base64.b64encode(text).decode()}.{end}"


def shaped(values: Mapping[str, object]) -> str:
    """Return what a provider told about a person in the shape of a JSON Web Token."""
    return f"{_HEAD}.{base64_url_encode(msgspec.json.encode(values))}.bogus"
