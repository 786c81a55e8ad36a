"""One Para inside a program, with what the program asks it most."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Self

from para_core.config import Config, load_config
from para_core.plugins import load_plugins
from para_server import para as server
from para_server.config import keys_file_of
from para_server.embedding.apps import Apps
from para_server.embedding.objects import Objects
from para_server.serving import backends_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from para_server.services.container import Services
    from para_server.signin.desk import SignInDesk

__all__ = ["Para"]


class Para:
    """Para in this process; ``Para.open`` makes one.

    It is an asynchronous context manager, and an ASGI application: the whole API as the server
    has it, below ``para.context_path``. Use it from the event loop that opened it.

    Attributes:
        config: What it was opened from.
        apps: The apps: found, made and deleted.
        objects: Their objects: made, read, found, changed and deleted.
    """

    def __init__(self, config: Config, *, plugins: Iterable[ModuleType] = ()) -> None:
        """Put everything together; nothing is opened yet. See ``open``."""
        self.config = config
        self._plugins = load_plugins(config, embedded=plugins)
        self._plugins.register_core_types()
        self._server = server.Para(
            server.settings_of(config),
            backends_of(config, self._plugins),
            config=config,
            keys_file=keys_file_of(config),
        )
        self.apps = Apps(self.services)
        self.objects = Objects(self.services)
        self._stack = AsyncExitStack()

    @classmethod
    def open(cls, config: Config | None = None, *, plugins: Iterable[ModuleType] = ()) -> Self:
        """Return a Para that ``async with`` opens and closes, once.

        Args:
            config: The configuration; without one, files and environment are read as the server
                does.
            plugins: Modules of the program with functions that answer hooks, beside the plugins
                that are installed.

        Raises:
            ConfigError, PluginError: As at the start of the server.
        """
        return cls(load_config() if config is None else config, plugins=plugins)

    @property
    def services(self) -> Services:
        """Everything that the API works with; what has no page may change with any release."""
        return self._server.services

    @property
    def sign_in(self) -> SignInDesk:
        """The parts of sign-in.

        ``checker`` hashes passwords, ``recovery`` takes the tokens that set new ones or confirm an
        address, ``mail`` sends the links with these tokens.
        """
        return self._server.sign_in

    async def __aenter__(self) -> Self:
        """Open the back-ends, make the root app at the first start, start the plugins."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._server)
            self._plugins.use_metrics(self._server.metrics)
            await self._plugins.start(self.config)
            stack.push_async_callback(self._plugins.stop, self.config)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the plugins, finish what was begun, close the back-ends."""
        await self._stack.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request as an ASGI application."""
        await self._server(scope, receive, send)
