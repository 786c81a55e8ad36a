"""A port of its own for the operator, so that what is inside stays inside."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import uvicorn

from para_core.contracts.component import Component
from para_server.listening import listen

if TYPE_CHECKING:
    from para_server.operator.door import OperatorDoor
    from para_server.operator.settings import OperatorSettings

__all__ = ["OperatorListener"]

logger = logging.getLogger(__name__)

_STOP_SEC = 1


class OperatorListener(Component):
    """Serves the operator's pages on ``para.operator.port``; does nothing when that is 0."""

    def __init__(self, door: OperatorDoor, settings: OperatorSettings) -> None:
        self._door, self._settings = door, settings
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            ConfigError: The port cannot be had.
        """
        address, port = self._settings.address.strip(), self._settings.port
        if not port:
            return
        listener = listen(address, port, key="para.operator.")
        self._server = _Server(
            uvicorn.Config(
                self._door,
                interface="asgi3",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_STOP_SEC,
            )
        )
        self._task = asyncio.create_task(self._server.serve([listener]), name="operator")
        logger.info("metrics and health are told on port %s", port)

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
            self._server = self._task = None


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves the signals to the one that serves the API."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
