"""What is sent: the body that all hooks get, its signature, and the request around it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

import msgspec

from para_core.contracts.dao import Record
from para_core.objects import Webhook
from para_core.objects.codec import decode, wire
from para_server import __version__
from para_server.access.visibility import without_secrets

__all__ = ["SECRET_OF_APP", "body_of", "headers_of", "posted", "secret_of", "shown", "signature"]

SECRET_OF_APP = "{{secretKey}}"  # noqa: S105 - the words that stand for it
_AGENT = f"Para Webhook Dispacher {__version__}"  # receivers know this spelling
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


def shown(record: Record, *, context_path: str = "") -> dict[str, Any]:
    """Return an object as a payload shows it: as the API does, without any secret."""
    fields = without_secrets(wire(decode(record), context_path=context_path))
    copies = fields.get("nstd")  # of the two objects in a link
    if isinstance(copies, list):
        fields["nstd"] = [without_secrets(c) if isinstance(c, dict) else c for c in copies]
    return fields


def body_of(appid: str, event: str, items: Sequence[Any], at: int) -> str:
    """Return the text that is signed and sent; ``at`` in milliseconds since the Unix epoch."""
    envelope = {"appid": appid, "event": event, "items": list(items), "timestamp": at}
    return msgspec.json.encode(envelope).decode()


def secret_of(hook: Webhook, app_secret: str | None) -> str:
    """Return the key that a hook's deliveries are signed with."""
    return (app_secret if hook.secret == SECRET_OF_APP else hook.secret) or ""


def signature(secret: str, body: str) -> str:
    """Return the signature of a body; without a secret it is empty."""
    if not secret:
        return ""
    return base64.b64encode(hmac.digest(secret.encode(), body.encode(), "sha256")).decode()


def posted(body: str, *, url_encoded: bool) -> bytes:
    """Return the bytes of a request."""
    return b"payload=" + quote_plus(body).encode() if url_encoded else body.encode()


def headers_of(event: str, delivery: str, signed: str, *, url_encoded: bool) -> Mapping[str, str]:
    """Return the headers of a request; names of events may hold any characters."""
    return {
        "User-Agent": _AGENT,
        "Content-Type": _FORM if url_encoded else _JSON,
        "X-Webhook-Signature": signed,
        "X-Para-Event": event if event.isprintable() and event.isascii() else quote_plus(event),
        "X-Para-Delivery": delivery,
    }
