"""How a test ends a server of asyncio while somebody still connects to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["close_server", "closed_at_the_end"]

_STEPS = 3  # of the event loop, from a new connection to its protocol


async def close_server(server: asyncio.Server) -> None:
    """Close a server once it knows whom it let in.

    What Python 3.11 lets in right before ``close`` is never closed: its transport cannot be made.
    """
    for listener in server.sockets:
        server.get_loop().remove_reader(listener.fileno())
    for _ in range(_STEPS):
        await asyncio.sleep(0)
    server.close()


@asynccontextmanager
async def closed_at_the_end(server: asyncio.Server) -> AsyncIterator[int]:
    """Give the port of a server, and close it when the block ends."""
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await close_server(server)
