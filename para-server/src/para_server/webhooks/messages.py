"""Messages that ask for deliveries: custom events, and what other programs put into the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from para_server.webhooks.deliveries import Delivery, delivery_id

__all__ = ["MESSAGE", "Told", "UnusableMessageError", "items_of", "told_by"]

MESSAGE = "webhookpayload"
"""The type of messages in the queue that are deliveries."""


class UnusableMessageError(Exception):
    """A message can never be delivered; says why."""


class Told(Struct):
    """What a message asks for: to its own address, else to one hook, else to all that want it."""

    delivery: Delivery
    hook: str = ""


def told_by(message: Mapping[str, Any], now: int) -> Told:
    """Return what a message asks for; ``now`` in milliseconds since the Unix epoch.

    Raises:
        UnusableMessageError: It lacks what is needed.
    """
    appid, body = str(message.get("appid", "")), message.get("payload")
    event, hook = message.get("event"), message.get("id")
    if not isinstance(body, str) or not isinstance(event, str):
        raise UnusableMessageError("a delivery needs the texts event and payload")
    key = str(message.get("delivery") or delivery_id(appid, str(hook), body))
    whole = Delivery(id=key, appid=appid, event=event, body=body, at=now, keys=_keys_of(body))
    target = message.get("targetUrl")
    if isinstance(target, str) and target:
        whole.target, whole.signature = target, str(message.get("signature") or "")
        whole.url_encoded = bool(message.get("urlEncoded"))
    return Told(whole, hook if isinstance(hook, str) else "")


def items_of(body: str) -> list[Any]:
    """Return the objects in a payload."""
    try:
        items = msgspec.json.decode(body)["items"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return []
    return items if isinstance(items, list) else []


def _keys_of(body: str) -> list[str]:
    """Return the ids of what a payload is about."""
    keys = [item.get("id") for item in items_of(body) if isinstance(item, dict)]
    return [key for key in keys if isinstance(key, str)]
