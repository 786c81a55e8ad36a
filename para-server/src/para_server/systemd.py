"""What the service manager is told: that the server answers, that it stops, that it is alive.

The protocol is that of ``sd_notify(3)``: datagrams to the socket that ``NOTIFY_SOCKET`` names.
Without that variable nothing is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING

from para_core.tasks import cancelled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

__all__ = ["keep_alive", "notify"]

_PER_PERIOD = 3  # signs of life in the time within which the manager wants one


def notify(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell the service manager a state, such as ``READY=1``; return whether there is one."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # a name outside the file system
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(state.encode(), address)
        except OSError:
            return False
    return True


@contextlib.asynccontextmanager
async def keep_alive(environ: Mapping[str, str] = os.environ) -> AsyncIterator[None]:
    """Send signs of life while the block runs, if the service manager wants them."""
    period_sec = _period_sec(environ)
    if not period_sec:
        yield
        return
    task = asyncio.create_task(_signs(period_sec / _PER_PERIOD, environ), name="signs of life")
    try:
        yield
    finally:
        await cancelled(task)


async def _signs(seconds: float, environ: Mapping[str, str]) -> None:
    while True:
        notify("WATCHDOG=1", environ)
        await asyncio.sleep(seconds)


def _period_sec(environ: Mapping[str, str]) -> float:
    text, owner = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not text.isdecimal() or owner not in ("", str(os.getpid())):
        return 0.0
    return int(text) / 1_000_000
