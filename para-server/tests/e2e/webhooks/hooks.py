"""What tests of webhooks do again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ...receivers import Receiver, Request  # noqa: TID252 - tests have no absolute names
from ..client import Client  # noqa: TID252 - tests have no absolute names


async def a_hook(app: Client, url: str, **fields: object) -> dict[str, Any]:
    """Make a hook; return what the API says of it."""
    reply = await app.post("/v1/webhooks", {"targetUrl": url, **fields})
    assert reply.status == 201, reply.text
    hook: dict[str, Any] = reply.json
    return hook


async def nothing_more(receiver: Receiver, count: int) -> list[Request]:
    """Wait until all that is to come must have come."""
    await receiver.until(count)
    await asyncio.sleep(0.15)
    assert len(receiver.requests) == count
    return receiver.requests


async def log_of(app: Client, hook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what waits for a hook, and its last deliveries."""
    reply = await app.get(f"/v1/_webhooks/{hook['id']}/deliveries")
    assert reply.status == 200, reply.text
    items: list[dict[str, Any]] = reply.json["items"]
    return items


async def until(condition: Callable[[], Awaitable[object]], seconds: float = 10) -> None:
    """Wait until something is true, looking now and then."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - only the API tells
            await asyncio.sleep(0.02)
