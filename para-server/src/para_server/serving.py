"""Running the server: one process, one port, until somebody stops it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING

import uvicorn

from para_core.errors import ConfigError
from para_core.selection import CACHES, DAOS, EMAILERS, FILESTORES, QUEUES, SEARCHES
from para_server import memory
from para_server.banner import BANNER
from para_server.config import keys_file_of
from para_server.http.pace import Pace
from para_server.http.protocol import paced
from para_server.listening import listen, url_host
from para_server.logs import Logs
from para_server.metrics.names import BackendNames
from para_server.nodes.node import node_of
from para_server.para import Backends, Para, settings_of
from para_server.pidfile import pid_file
from para_server.systemd import keep_alive, notify
from para_server.tls import Certificate, certificate_of
from para_server.workers.supervisor import Tether, supervise

if TYPE_CHECKING:
    from types import FrameType

    from para_core.config import Config
    from para_core.plugins import Plugins
    from para_server.workers.worker import Worker

__all__ = ["serve", "server_config"]

logger = logging.getLogger(__name__)


def serve(config: Config, plugins: Plugins) -> int:
    """Serve until SIGTERM or SIGINT; requests under way are finished first.

    Returns:
        The exit code; not 0 when a worker could not start, which has said why.

    Raises:
        ConfigError, PluginError: The server cannot start; the message says what to do.
    """
    memory.keep_together()
    certificate, port = certificate_of(config), config.number("para.port")
    workers = config.number("para.workers")
    known = plugins.described(config)
    with contextlib.closing(Logs(known)) as logs, contextlib.ExitStack() as stack:
        listeners = _listeners(config.text("para.address").strip(), port, workers)
        for listener in listeners:
            stack.enter_context(listener)
        stack.enter_context(pid_file(port, is_enabled=config.flag("para.pidfile_enabled")))
        if workers == 1:
            _run(_serve(config, plugins, listeners[0], certificate, logs))
            return 0

        def work(worker: Worker, tether: Tether) -> None:
            """Serve on the socket of this worker's number; the others belong to others."""
            for listener in listeners:
                if listener is not listeners[worker.number]:
                    listener.close()
            logs.close()  # locks of files that processes inherit are no locks between them
            listener = listeners[worker.number]
            with contextlib.closing(Logs(known)) as own:
                _run(_serve(config, plugins, listener, certificate, own, worker, tether))

        return supervise(
            workers,
            work,
            stop_sec=config.number("para.stop_timeout_sec"),
            stopping=stack.close,
        )


def _run(main: Coroutine[None, None, None]) -> None:
    try:
        import uvloop
    except ImportError:  # pragma: no cover - not on this platform
        asyncio.run(main)
    else:
        uvloop.run(main)


def _listeners(address: str, port: int, count: int) -> list[socket.socket]:
    """Return sockets on one port, among which the system shares out connections.

    Raises:
        ConfigError: The port cannot be had.
    """
    if count == 1:
        return [listen(address, port, key="para.")]
    with listen(address, port, key="para.") as alone:  # who shares does so with other programs too
        port = alone.getsockname()[1]
    with contextlib.ExitStack() as stack:
        made = [
            stack.enter_context(listen(address, port, key="para.", is_shared=True))
            for _ in range(count)
        ]
        stack.pop_all()
    return made


async def _serve(  # noqa: PLR0913, PLR0917 - the parts of a server
    config: Config,
    plugins: Plugins,
    listener: socket.socket,
    certificate: Certificate | None,
    logs: Logs,
    worker: Worker | None = None,
    tether: Tether | None = None,
) -> None:
    settings = settings_of(config)
    plugins.register_core_types()
    node = None if worker is not None else node_of(config)
    para = Para(
        settings,
        backends_of(config, plugins),
        config=config,
        keys_file=keys_file_of(config),
        peer=worker or node,
    )
    access_log = logs.access_log()
    para.api.dispatcher.access = access_log
    async with para, para.operator_listener, access_log or contextlib.nullcontext():
        if config.flag("para.print_logo") and (worker is None or worker.number == 0):
            logs.greet(BANNER)
        logger.info(
            "Loaded new DAO, Search and Cache implementations - %s, %s, %s.",
            *(plugins.selected(family, config).name for family in (DAOS, SEARCHES, CACHES)),
        )
        plugins.use_metrics(para.metrics)
        await plugins.start(config)
        server = _Server(
            server_config(para, stop_sec=config.number("para.stop_timeout_sec")),
            certificate,
            tether,
        )
        if node is not None:
            node.on_lost = server.give_up
        memory.settle()
        scheme = "http" if certificate is None else "https"
        address, listening_port = listener.getsockname()[:2]
        host = url_host(address, here="localhost")
        where = f"{scheme}://{host}:{listening_port}{settings.context_path}"
        number = para.settings.worker_id
        logger.info("Instance #%s initialized and listening on %s", number, where)
        try:
            await server.serve(sockets=[listener])
        finally:
            logger.info("--- Para.destroy() ---")
            await plugins.stop(config)
    if node is not None and node.is_lost:
        raise ConfigError("another node has the number of this one; see para.worker_id")


def server_config(para: Para, *, stop_sec: int = 30) -> uvicorn.Config:
    """Return how uvicorn serves a Para.

    Args:
        para: What answers.
        stop_sec: How long requests under way may take when the server is told to stop.
    """
    settings = para.settings
    pace = Pace(
        settings.head_timeout_sec, settings.body_timeout_sec, body_bytes=settings.body_min_bytes
    )
    return uvicorn.Config(
        para,
        http=paced(pace),
        interface="asgi3",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=stop_sec,
    )


class _Server(uvicorn.Server):
    """uvicorn's server with a certificate that may change, which tells the service manager.

    It ends with exit code 0 when it is told to stop.
    """

    def __init__(
        self, config: uvicorn.Config, certificate: Certificate | None, tether: Tether | None
    ) -> None:
        super().__init__(config)
        self._certificate, self._tether = certificate, tether
        self._tasks = contextlib.AsyncExitStack()
        if certificate is not None:
            config.load()
            config.ssl = certificate.context

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        if self._certificate is not None:
            await self._tasks.enter_async_context(self._certificate.watched())
        await super().startup(sockets)
        await self._tasks.enter_async_context(keep_alive())
        await self._tasks.enter_async_context(memory.given_back())
        if self._tether is not None:
            self._tether.is_ready()
        notify("READY=1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, finish the requests under way, at most for a while."""
        notify("STOPPING=1")
        logger.info("stopping", extra={"connections": len(self.server_state.connections)})
        await super().shutdown(sockets)
        await self._tasks.aclose()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; when that was asked for before, without waiting.

        A worker may hear SIGTERM twice, from its supervisor and from whoever stops all processes;
        SIGINT only its supervisor sends, at the second signal that it gets itself.
        """
        del frame
        if self._tether is None or sig == signal.SIGINT:
            self.force_exit = self.should_exit
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM and SIGINT; read the certificate again at SIGHUP."""
        loop = asyncio.get_running_loop()
        signals = [signal.SIGTERM, signal.SIGINT]
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        # At a terminal it says that this one was closed; to a worker only its supervisor sends it.
        if self._tether is not None or not sys.stdin.isatty():
            signals.append(signal.SIGHUP)
            loop.add_signal_handler(signal.SIGHUP, self._reload)
        if self._tether is not None:
            loop.add_reader(self._tether.lost, self._be_lost)
        try:
            yield
        finally:
            if self._tether is not None:
                loop.remove_reader(self._tether.lost)
            for number in signals:
                loop.remove_signal_handler(number)

    def _be_lost(self) -> None:
        """Stop: the supervisor has ended, and nobody else would ever tell."""
        asyncio.get_running_loop().remove_reader(self._tether.lost if self._tether else -1)
        logger.error("the supervisor has ended, so this worker stops")
        self.should_exit = True

    def give_up(self) -> None:
        """Stop, for a reason that was told."""
        self.should_exit = True

    def _reload(self) -> None:
        if self._certificate is None:
            logger.info("there is no certificate to read again; other settings need a restart")
        else:
            self._certificate.reload()


def backends_of(config: Config, plugins: Plugins) -> Backends:
    """Make the implementations that the configuration selects."""
    return Backends(
        dao=plugins.make(DAOS, config),
        search=plugins.make(SEARCHES, config),
        cache=plugins.make(CACHES, config),
        io_listeners=plugins.io_listeners(config),
        search_listeners=plugins.search_listeners(config),
        app_listeners=plugins.app_listeners(config),
        resources=plugins.routes(config),
        files=plugins.make(FILESTORES, config),
        emailer=plugins.make(EMAILERS, config),
        queue=plugins.make(QUEUES, config),
        sign_ins=lambda tools: plugins.sign_in_providers(config, tools),
        names=BackendNames(
            dao=plugins.selected(DAOS, config).name,
            search=plugins.selected(SEARCHES, config).name,
            cache=plugins.selected(CACHES, config).name,
        ),
    )
