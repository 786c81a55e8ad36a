"""The way to the endpoint, which is made at the first request that needs it.

The SDK takes a second and 28 MB to load; a server is to answer half a second after its start.
"""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import TYPE_CHECKING

from para_core.errors import ConfigError
from para_server.http.answers import error_answer

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from para_core.config import Config
    from para_server.mcp.endpoint import Endpoint

__all__ = ["AssistantsDoor"]

_SDK = "mcp"


class AssistantsDoor:
    """An ASGI application that takes POST: there is nothing to listen to, no session to end."""

    def __init__(self, config: Config, mode: str) -> None:
        """Find the SDK, and load nothing yet; arguments as of ``Endpoint``.

        Raises:
            ConfigError: The SDK is not installed.
        """
        if find_spec(_SDK) is None:
            raise ConfigError(
                f"para.mcp_server_mode is {mode!r}, which needs the package {_SDK}; "
                "pip install 'para-server[mcp]'"
            )
        self._config, self._mode = config, mode
        self._endpoint: Endpoint | None = None
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "POST":
            headers = [(b"allow", b"POST"), (b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 405, "headers": headers})
            await send({"type": "http.response.body", "body": error_answer(405).body})
            return
        endpoint = self._endpoint or await self._loaded()
        await endpoint(scope, receive, send)

    async def _loaded(self) -> Endpoint:
        """Return the endpoint, made in a thread while other requests are answered."""
        async with self._turn:
            if self._endpoint is None:
                self._endpoint = await asyncio.to_thread(self._made)
            return self._endpoint

    def _made(self) -> Endpoint:
        from para_server.mcp.endpoint import Endpoint

        return Endpoint(self._config, self._mode)
