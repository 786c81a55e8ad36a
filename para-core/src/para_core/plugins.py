"""The plugins of one process, and what they answer."""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from para_core import hookspecs
from para_core.discovery import Plugin, find_plugins
from para_core.errors import ParaError, PluginError
from para_core.selection import (
    CACHES,
    DAOS,
    EMAILERS,
    FAMILIES,
    FILESTORES,
    QUEUES,
    SEARCHES,
    Family,
    Offer,
    find_offer,
    offers_by_name,
    one_line,
)
from para_core.settings.sections import section_keys

if TYPE_CHECKING:
    from msgspec import Struct

    from para_core.checks import Check
    from para_core.config import Config
    from para_core.contracts import DAO, Cache, Emailer, FileStore, Queue, Search
    from para_core.contracts.signin import SignIn, SignInTools
    from para_core.extensions import Command, ResourceHandler
    from para_core.listeners import AppListener, IOListener, SearchListener
    from para_core.metrics import Metrics
    from para_core.objects import ParaObject

__all__ = ["Plugin", "Plugins", "load_plugins"]

logger = logging.getLogger(__name__)

TRACE = "PARA_TRACE_PLUGINS"
_OWN_CLASSES = "para_core.objects"
T = TypeVar("T")


class Plugins:
    """The plugins of one process, Para's own first, and what they answer."""

    def __init__(self, plugins: Sequence[Plugin], *, trace: bool = False) -> None:
        self._manager = pluggy.PluginManager("para")
        self._manager.add_hookspecs(hookspecs)
        self.found = tuple(plugins)
        self._trace = trace
        self._started: list[Plugin] = []
        for plugin in self.found:
            self._register(plugin)
        self._offers = {
            family.key: offers_by_name(family, self._offered(family)) for family in FAMILIES
        }

    # ---- back-ends ---------------------------------------------------------------------------

    def dao(self, config: Config) -> DAO:
        """Make the DAO that ``para.dao`` selects; errors as in ``make``."""
        return self.make(DAOS, config)

    def search(self, config: Config) -> Search:
        """Make the search engine that ``para.search`` selects; errors as in ``make``."""
        return self.make(SEARCHES, config)

    def cache(self, config: Config) -> Cache:
        """Make the cache that ``para.cache`` selects; errors as in ``make``."""
        return self.make(CACHES, config)

    def queue(self, config: Config) -> Queue:
        """Make the queue that ``para.q`` selects; errors as in ``make``."""
        return self.make(QUEUES, config)

    def filestore(self, config: Config) -> FileStore:
        """Make the file store that ``para.fs`` selects; errors as in ``make``."""
        return self.make(FILESTORES, config)

    def emailer(self, config: Config) -> Emailer:
        """Make the sender of email that ``para.emailer`` selects; errors as in ``make``."""
        return self.make(EMAILERS, config)

    def make(self, family: Family[T], config: Config) -> T:
        """Run the factory of the implementation that the configuration selects.

        Raises:
            PluginError: Nobody offers the selected name, or its factory failed.
        """
        made: T = self.selected(family, config).make(config, family.key)
        return made

    def selected(self, family: Family[Any], config: Config) -> Offer:
        """Return the offer that the configuration selects; its factory does not run.

        Raises:
            PluginError: Nobody offers the selected name.
        """
        return find_offer(family, self._offers[family.key], config)

    def offers(self, family: Family[Any]) -> list[Offer]:
        """Return what plugins offer, in the order in which they were found."""
        return list(self._offers[family.key].values())

    # ---- what plugins add --------------------------------------------------------------------

    def sections(self) -> list[tuple[Plugin, Mapping[str, type[Struct]]]]:
        """Return the settings that plugins describe: Structs by the prefix of their keys."""
        return list(self._ask("para_register_sections"))

    def described(self, config: Config) -> Config:
        """Return the configuration with the keys of all sections that plugins describe."""
        keys = [
            key
            for plugin, sections in self.sections()
            for prefix, kind in sections.items()
            for key in section_keys(prefix, kind, plugin.distribution)
        ]
        return config.with_keys(keys)

    def io_listeners(self, config: Config) -> list[IOListener]:
        """Return the listeners of database calls, in the order in which they are called."""
        return self._listed("para_register_io_listeners", config)

    def search_listeners(self, config: Config) -> list[SearchListener]:
        """Return the listeners of searches, in the order in which they are called."""
        return self._listed("para_register_search_listeners", config)

    def app_listeners(self, config: Config) -> list[AppListener]:
        """Return the listeners of apps, in the order in which they are called."""
        return self._listed("para_register_app_listeners", config)

    def routes(self, config: Config) -> list[ResourceHandler]:
        """Return the resources that plugins add.

        Raises:
            PluginError: Two have a path and a method in common.
        """
        taken: dict[tuple[str, str], Plugin] = {}
        found: list[ResourceHandler] = []
        for plugin, handlers in self._ask("para_register_routes", config=config):
            for handler in handlers:
                for method in handler.methods:
                    other = taken.setdefault((method, handler.path), plugin)
                    if other is not plugin:
                        raise PluginError(
                            f"{other} and {plugin} both answer {method} {handler.path}; remove one"
                        )
                found.append(handler)
        return found

    def sign_in_providers(self, config: Config, tools: SignInTools) -> list[SignIn]:
        """Return the systems that vouch for people, made with what the server lends them.

        Raises:
            PluginError: Two have a name or a path in common, or one cannot be made.
        """
        taken: dict[str, Plugin] = {}
        found: list[SignIn] = []
        for plugin, factories in self._ask("para_register_sign_in_providers", config=config):
            for factory in factories:
                try:
                    made = factory(tools)
                except ImportError as error:
                    message = f"a way to sign in of {plugin} lacks a package: {one_line(error)}"
                    raise PluginError(message) from error
                for name in (*made.names, *made.paths):
                    if name in taken:
                        raise PluginError(
                            f"{taken[name]} and {plugin} both sign in by {name}; remove one"
                        )
                    taken[name] = plugin
                found.append(made)
        return found

    def register_core_types(self) -> None:
        """Give the types of plugins their classes, for the whole process; errors as below.

        To be called before the first object is decoded; a process may call it again, for another
        Para with the same plugins.
        """
        from para_core.objects import CLASSES
        from para_core.types import add_core_type

        for kind, cls in self.core_types().items():
            if CLASSES.get(kind, cls) is not cls:
                raise PluginError(f"this process has another class for the type {kind!r} already")
            CLASSES[kind] = cls
            add_core_type(kind)

    def core_types(self) -> dict[str, type[ParaObject]]:
        """Return the classes that plugins give to types, by the value of ``type``.

        Raises:
            PluginError: A type belongs to Para or to another plugin, or its class has a field that
                objects cannot have.
        """
        from para_core.objects import CLASSES
        from para_core.objects.fields import fields_of

        owners = {
            kind: "Para" for kind, cls in CLASSES.items() if cls.__module__.startswith(_OWN_CLASSES)
        }
        found = self._named("para_register_core_types", owners, "has a class for the type")
        for kind, cls in found.items():
            try:
                fields_of(cls)
            except (KeyError, TypeError) as error:
                message = (
                    f"the class {cls.__name__} for the type {kind!r} has fields that no object"
                )
                raise PluginError(f"{message} can have: {one_line(error)}") from error
        return found

    def commands(self, reserved: Iterable[str] = ()) -> dict[str, Command]:
        """Return the commands that plugins add, by name.

        Args:
            reserved: Names of the server's own commands.

        Raises:
            PluginError: A name belongs to the server or to another plugin.
        """
        owners = dict.fromkeys(reserved, "para-server")
        return self._named("para_register_commands", owners, "has a command named")

    def checks(self, config: Config) -> list[Check]:
        """Return what ``para-server doctor`` looks at, in the order in which it does."""
        return self._listed("para_register_checks", config)

    def use_metrics(self, metrics: Metrics) -> None:
        """Give the metrics of the process to the plugins that want them."""
        for _ in self._ask("para_on_metrics", metrics=metrics):
            """Their answers say nothing."""

    # ---- start and stop ----------------------------------------------------------------------

    async def start(self, config: Config) -> None:
        """Run ``para_on_start`` of every plugin, in the order in which they were found.

        Raises:
            PluginError: One failed. Those that had started are stopped again.
        """
        for plugin in self.found:
            try:
                await self._run("para_on_start", plugin, config)
            except Exception as error:
                await self.stop(config)
                if isinstance(error, ParaError):
                    raise
                raise PluginError(f"{plugin} failed to start: {one_line(error)}") from error
            self._started.append(plugin)

    async def stop(self, config: Config) -> None:
        """Run ``para_on_stop`` of those that started, the last one first; errors are logged."""
        while self._started:
            plugin = self._started.pop()
            try:
                await self._run("para_on_stop", plugin, config)
            except Exception:
                logger.exception("a plugin failed to stop", extra={"plugin": str(plugin)})

    def hooks_of(self, plugin: Plugin) -> list[str]:
        """Return the names of the hooks that a plugin answers."""
        callers = self._manager.get_hookcallers(plugin.module) or []
        return sorted(caller.name for caller in callers)

    # ---- below -------------------------------------------------------------------------------

    def _register(self, plugin: Plugin) -> None:
        _check_api(plugin)
        try:
            self._manager.register(plugin.module, f"{plugin.distribution}:{plugin.name}")
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            message = f"{plugin} ({plugin.source}) does not fit: {one_line(error)}"
            raise PluginError(message) from error

    def _offered(self, family: Family[Any]) -> Iterator[Offer]:
        for plugin, factories in self._ask(family.hook):
            for name, factory in factories.items():
                yield Offer(name, factory, str(plugin))

    def _listed(self, hook: str, config: Config) -> list[Any]:
        return [one for _, answer in self._ask(hook, config=config) for one in answer]

    def _named(self, hook: str, owners: Mapping[str, str], claim: str) -> dict[str, Any]:
        taken, found = dict(owners), {}
        for plugin, answer in self._ask(hook):
            for name, value in answer.items():
                if name in taken:
                    raise PluginError(f"{plugin} {claim} {name!r}, which {taken[name]} has too")
                taken[name], found[name] = str(plugin), value
        return found

    async def _run(self, hook: str, plugin: Plugin, config: Config) -> None:
        for answer in self._call(hook, plugin, config=config):
            if inspect.isawaitable(answer):
                await answer

    def _ask(self, hook: str, **arguments: object) -> Iterator[tuple[Plugin, Any]]:
        """Ask plugins one by one, so that each answer is known to be theirs."""
        for plugin in self.found:
            try:
                answers = self._call(hook, plugin, **arguments)
            except ParaError:
                raise
            except Exception as error:
                raise PluginError(f"{plugin} failed in {hook}: {one_line(error)}") from error
            for answer in answers:
                yield plugin, answer

    def _call(self, hook: str, plugin: Plugin, **arguments: object) -> list[Any]:
        others = [other.module for other in self.found if other is not plugin]
        caller = self._manager.subset_hook_caller(hook, others)
        begun = time.perf_counter()
        answers: list[Any] = caller(**arguments)
        if self._trace and hook in self.hooks_of(plugin):
            took_ms = (time.perf_counter() - begun) * 1000
            logger.info("%s of %s took %.1f ms and gave %r", hook, plugin, took_ms, answers)
        return answers


def load_plugins(config: Config, *, embedded: Iterable[ModuleType] = ()) -> Plugins:
    """Find and import all plugins.

    Args:
        config: Names the plugin folder; a missing folder is an empty one.
        embedded: Modules to use as plugins beside those that are found, for programs that have
            Para inside.

    Raises:
        PluginError: A plugin is damaged, cannot be imported, asks for a newer host, or answers
            hooks that do not exist; or two offer one name.
    """
    plugins = find_plugins(config)
    for module in embedded:
        plugins.append(Plugin(module.__name__, module.__name__, "", "embedded", module))
    return Plugins(plugins, trace=config.environ.get(TRACE) == "1")


def _check_api(plugin: Plugin) -> None:
    wanted = getattr(plugin.module, "para_plugin_api", hookspecs.PLUGIN_API)
    if not isinstance(wanted, int):
        raise PluginError(f"{plugin} ({plugin.source}) has a para_plugin_api that is no number")
    if wanted > hookspecs.PLUGIN_API:
        raise PluginError(
            f"{plugin} ({plugin.source}) asks for plugin API {wanted}; this host has "
            f"{hookspecs.PLUGIN_API}: upgrade para-core, or use an older release of the plugin"
        )
