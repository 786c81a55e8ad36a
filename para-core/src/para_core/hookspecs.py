"""Every question the server asks a plugin.

A plugin is a module that an entry point of the group ``para.plugins`` names; its functions marked
with ``hookimpl`` answer some of these questions. A function may leave out arguments it does not
need. ``para_plugin_api = 1`` in the module states which version of this list it was written for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import pluggy

if TYPE_CHECKING:
    from msgspec import Struct

    from para_core.checks import Check
    from para_core.config import Config
    from para_core.contracts.cache import Cache
    from para_core.contracts.dao import DAO
    from para_core.contracts.emailer import Emailer
    from para_core.contracts.filestore import FileStore
    from para_core.contracts.queue import Queue
    from para_core.contracts.search import Search
    from para_core.contracts.signin import SignInFactory
    from para_core.extensions import Command, ResourceHandler
    from para_core.listeners import AppListener, IOListener, SearchListener
    from para_core.metrics import Metrics
    from para_core.objects import ParaObject

__all__ = [
    "PLUGIN_API",
    "CacheFactory",
    "DAOFactory",
    "EmailerFactory",
    "FileStoreFactory",
    "QueueFactory",
    "SearchFactory",
    "hookimpl",
    "hookspec",
]

PLUGIN_API = 1
"""Version of this list; it grows when a hook changes in a way that old plugins would notice."""

hookspec = pluggy.HookspecMarker("para")
hookimpl = pluggy.HookimplMarker("para")

DAOFactory: TypeAlias = "Callable[[Config], DAO]"
SearchFactory: TypeAlias = "Callable[[Config], Search]"
CacheFactory: TypeAlias = "Callable[[Config], Cache]"
QueueFactory: TypeAlias = "Callable[[Config], Queue]"
FileStoreFactory: TypeAlias = "Callable[[Config], FileStore]"
EmailerFactory: TypeAlias = "Callable[[Config], Emailer]"


@hookspec
def para_register_daos() -> Mapping[str, DAOFactory]:
    """Offer DAO implementations for ``para.dao`` to select by name.

    Asked once per process, before the configuration is applied. Only the selected factory runs, so
    import the driver inside it: an installed but unused plugin then costs one small import.
    Since plugin API 1. Example: ``para-dao-sql/src/para_dao_sql/plugin.py``.

    Returns:
        Factories by name. A name that two plugins offer, letter case ignored, stops the start with
        ``PluginError``.
    """
    return {}


@hookspec
def para_register_searches() -> Mapping[str, SearchFactory]:
    """Offer search engines for ``para.search`` to select by name.

    Asked and used like ``para_register_daos``. Since plugin API 1.
    Example: ``para-search-lucene/src/para_search_lucene/plugin.py``.

    Returns:
        Factories by name.
    """
    return {}


@hookspec
def para_register_caches() -> Mapping[str, CacheFactory]:
    """Offer object caches for ``para.cache`` to select by name.

    Asked and used like ``para_register_daos``. Since plugin API 1.
    Example: ``para-core/src/para_core/memory/plugin.py``.

    Returns:
        Factories by name.
    """
    return {}


@hookspec
def para_register_queues() -> Mapping[str, QueueFactory]:
    """Offer queues for ``para.q`` to select by name.

    Asked and used like ``para_register_daos``. Since plugin API 1.

    Returns:
        Factories by name.
    """
    return {}


@hookspec
def para_register_filestores() -> Mapping[str, FileStoreFactory]:
    """Offer file stores for ``para.fs`` to select by name.

    Asked and used like ``para_register_daos``. Since plugin API 1.

    Returns:
        Factories by name.
    """
    return {}


@hookspec
def para_register_emailers() -> Mapping[str, EmailerFactory]:
    """Offer senders of email for ``para.emailer`` to select by name.

    Asked and used like ``para_register_daos``. Since plugin API 1.
    Example: ``para-server/src/para_server/plugin.py``.

    Returns:
        Factories by name.
    """
    return {}


@hookspec
def para_register_sign_in_providers(config: Config) -> Sequence[SignInFactory]:
    """Add ways to sign in: systems that vouch for people.

    Asked once, while the server starts. Each factory is called once with what the server lends it;
    all providers serve at the same time, and an app uses those that its settings describe.
    Since plugin API 1. Example: ``para-server/src/para_server/plugin.py``.

    Args:
        config: The configuration of the process.

    Returns:
        Factories of ``para_core.contracts.SignIn``. Two providers with one name or one path stop
        the start with ``PluginError``.
    """
    return []


@hookspec
def para_register_sections() -> Mapping[str, type[Struct]]:
    """Describe the settings of this plugin, so that ``para-server config`` can print them.

    Asked once per process. The Struct is the one that ``Config.section`` reads: its fields are
    keys, their defaults are the defaults, ``Meta`` holds range and description.
    Since plugin API 1.

    Returns:
        Structs by prefix of their keys, such as ``{"para.tides": TidesSettings}``.
    """
    return {}


@hookspec
def para_register_io_listeners(config: Config) -> Sequence[IOListener]:
    """Listen to database calls: before each, with the power to refuse it, and after.

    Asked once, while the server starts; without any listener the database calls cost what they
    cost before. Since plugin API 1.

    Args:
        config: The configuration of the process.

    Returns:
        Listeners, called in this order, after those of plugins that were found earlier.
    """
    return []


@hookspec
def para_register_search_listeners(config: Config) -> Sequence[SearchListener]:
    """Listen to searches: before each, with the power to refuse it, and after.

    Asked once, while the server starts. With a listener every search is asked of the engine, also
    where its answer lies in memory; without any, searches cost what they cost before.
    Since plugin API 1.

    Args:
        config: The configuration of the process.

    Returns:
        Listeners, called in this order, after those of plugins that were found earlier.
    """
    return []


@hookspec
def para_register_app_listeners(config: Config) -> Sequence[AppListener]:
    """Listen to apps that are created or deleted, and to their settings.

    Asked once, while the server starts. Since plugin API 1.

    Args:
        config: The configuration of the process.

    Returns:
        Listeners, called in this order, after those of plugins that were found earlier.
    """
    return []


@hookspec
def para_register_routes(config: Config) -> Sequence[ResourceHandler]:
    """Add resources to the HTTP interface: custom resource handlers.

    Asked once, while the routes are put together. Since plugin API 1.

    Args:
        config: The configuration of the process.

    Returns:
        Resources. Two with one path and a method in common stop the start with ``PluginError``.
    """
    return []


@hookspec
def para_register_core_types() -> Mapping[str, type[ParaObject]]:
    """Give types of objects a class of their own, with fields instead of ``properties``.

    Asked once per process, before the first object is decoded. Since plugin API 1.

    Returns:
        Classes by the value of ``type``. A name that Para itself or another plugin has taken stops
        the start with ``PluginError``.
    """
    return {}


@hookspec
def para_register_commands() -> Mapping[str, Command]:
    """Add commands to ``para-server``.

    Asked once per process, when the command line is not one of the server's own commands or asks
    for help. Since plugin API 1.

    Returns:
        Commands by name. A name that is taken stops the command line with ``PluginError``.
    """
    return {}


@hookspec
def para_register_checks(config: Config) -> Sequence[Check]:
    """Add checks to ``para-server doctor``.

    Asked once, when somebody runs that command. A check changes nothing, and tells for each thing
    it looked at whether it is good and, if not, what to do. An exception from it counts as
    something bad, and the other checks still run. Since plugin API 1.
    Example: ``para-server/src/para_server/plugin.py``.

    Args:
        config: The configuration of the process.

    Returns:
        Checks, made in this order, after those of plugins that were found earlier.
    """
    return []


@hookspec
def para_on_metrics(metrics: Metrics) -> None:
    """Take the metrics of the process, to count and time what the plugin does.

    Runs once, after the back-ends opened and before ``para_on_start``. What the plugin records is
    told wherever the server tells its own: in the log, to Graphite and to Prometheus. Keep the
    object and use ``metrics.time(appid, "Tides", "look_up")`` and ``metrics.counter(…)``.
    Since plugin API 1.

    Args:
        metrics: Of this process. Names are few and fixed; never make them from data.
    """


@hookspec
def para_on_start(config: Config) -> Awaitable[None] | None:
    """Run once, after the back-ends opened and before the first request is answered.

    Plugins run in the order they were found, Para's own first. The function may be ``async``. An
    exception stops the start, and ``para_on_stop`` runs for those that had started.
    Since plugin API 1.

    Args:
        config: The configuration of the process.
    """


@hookspec
def para_on_stop(config: Config) -> Awaitable[None] | None:
    """Run once, after the last request and before the back-ends close, in reverse order of start.

    The function may be ``async``. An exception is logged, and the others still run.
    Since plugin API 1.

    Args:
        config: The configuration of the process.
    """
