"""Running the server: one process, one port, until somebody stops it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from para_core.errors import ConfigError
from para_core.selection import CACHES, DAOS, FILESTORES, SEARCHES
from para_server import __version__
from para_server.http.protocol import ParaProtocol
from para_server.logs import set_up_logging
from para_server.para import Backends, Para, settings_of

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.plugins import Plugins

__all__ = ["serve", "server_config"]

logger = logging.getLogger(__name__)

_BACKLOG = 2048
_SWITCH_SEC = 0.001  # how long the indexing thread may keep the others waiting
_KEYS_FILE = "para-root-keys.conf"


def serve(config: Config, plugins: Plugins) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first.

    Raises:
        ConfigError, PluginError: The server cannot start; the message says what to do.
    """
    set_up_logging(config.text("para.file_logger_level", "INFO"))
    listener = _listen(config.number("para.port"))
    with listener:
        _run(_serve(config, plugins, listener))


def _run(main: Coroutine[None, None, None]) -> None:
    try:
        import uvloop
    except ImportError:  # pragma: no cover - not on this platform
        asyncio.run(main)
    else:
        uvloop.run(main)


def _listen(port: int) -> socket.socket:
    family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        listener.bind(("", port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else "ports end at 65535"
        message = f"cannot listen on port {port} ({reason}); choose another para.port"
        raise ConfigError(message) from error
    return listener


async def _serve(config: Config, plugins: Plugins, listener: socket.socket) -> None:
    settings = settings_of(config)
    plugins.register_core_types()
    data = Path(config.text("para.db.dir") or "data")
    para = Para(
        settings,
        backends_of(config, plugins),
        config=config,
        keys_file=data / _KEYS_FILE,
    )
    async with para:
        await plugins.start(config)
        server = _Server(server_config(para))
        _settle_memory()
        where = f"http://localhost:{listener.getsockname()[1]}{settings.context_path}"
        logger.info("Para for Python %s is listening on %s", __version__, where)
        try:
            await server.serve(sockets=[listener])
        finally:
            await plugins.stop(config)


def server_config(para: Para) -> uvicorn.Config:
    """Return how uvicorn serves a Para."""
    return uvicorn.Config(
        para,
        http=ParaProtocol,
        interface="asgi3",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=30,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, which here ends with exit code 0 when it is told to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM and SIGINT; a second one stops without waiting."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


def backends_of(config: Config, plugins: Plugins) -> Backends:
    """Make the implementations that the configuration selects."""
    return Backends(
        dao=plugins.make(DAOS, config),
        search=plugins.make(SEARCHES, config),
        cache=plugins.make(CACHES, config),
        io_listeners=plugins.io_listeners(config),
        app_listeners=plugins.app_listeners(config),
        resources=plugins.routes(config),
        files=plugins.make(FILESTORES, config),
        sign_ins=lambda tools: plugins.sign_in_providers(config, tools),
    )


def _settle_memory() -> None:
    """Take what was made at start out of the garbage collector's rounds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(_SWITCH_SEC)
