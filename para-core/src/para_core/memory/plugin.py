"""Offers the implementations that live inside the process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from para_core.hookspecs import (
    CacheFactory,
    DAOFactory,
    EmailerFactory,
    FileStoreFactory,
    QueueFactory,
    SearchFactory,
    hookimpl,
)

if TYPE_CHECKING:
    from msgspec import Struct

    from para_core.config import Config
    from para_core.contracts import DAO, Cache, Emailer, FileStore, Queue, Search

para_plugin_api = 1


@hookimpl
def para_register_daos() -> Mapping[str, DAOFactory]:
    """Offer ``MemoryDAO``, also under its name in the original, ``MockDAO``."""
    return {"MemoryDAO": open_dao, "MockDAO": open_dao}


@hookimpl
def para_register_searches() -> Mapping[str, SearchFactory]:
    """Offer ``MemorySearch``, also under its name in the original, ``MockSearch``."""
    return {"MemorySearch": open_search, "MockSearch": open_search}


@hookimpl
def para_register_caches() -> Mapping[str, CacheFactory]:
    """Offer the cache in memory under the names that configuration files of the original have."""
    return dict.fromkeys(("CaffeineCache", "CaffeineSearch", "inmemory"), open_cache)


@hookimpl
def para_register_queues() -> Mapping[str, QueueFactory]:
    """Offer ``MemoryQueue``, also under its name in the original, ``MockQueue``."""
    return dict.fromkeys(("MemoryQueue", "MockQueue"), open_queue)


@hookimpl
def para_register_filestores() -> Mapping[str, FileStoreFactory]:
    """Offer the file store in memory; ``MockFileStore`` is the name of the original."""
    return dict.fromkeys(("MemoryFileStore", "MockFileStore"), open_filestore)


@hookimpl
def para_register_emailers() -> Mapping[str, EmailerFactory]:
    """Offer the emailer that sends nothing."""
    return {"NoopEmailer": open_emailer}


@hookimpl
def para_register_sections() -> Mapping[str, type[Struct]]:
    """Describe the settings of cache and queue."""
    from para_core.memory.cache import CaffeineSettings
    from para_core.memory.queue import QueueSettings

    return {"para.caffeine": CaffeineSettings, "para.queue": QueueSettings}


def open_dao(config: Config) -> DAO:
    """Make a DAO without objects."""
    from para_core.memory.dao import MemoryDAO

    del config
    return MemoryDAO()


def open_search(config: Config) -> Search:
    """Make a search engine without documents."""
    from para_core.memory.search import MemorySearch

    del config
    return MemorySearch()


def open_cache(config: Config) -> Cache:
    """Make the cache that ``para.caffeine`` describes."""
    from para_core.memory.cache import CaffeineSettings, MemoryCache

    return MemoryCache(config.section("para.caffeine", CaffeineSettings), clock=time.monotonic)


def open_queue(config: Config) -> Queue:
    """Make the queue that ``para.queue`` describes."""
    from para_core.memory.queue import MemoryQueue, QueueSettings

    return MemoryQueue(config.section("para.queue", QueueSettings), clock=time.monotonic)


def open_filestore(config: Config) -> FileStore:
    """Make an empty file store with the usual limits."""
    from para_core.memory.filestore import MemoryFileStore

    del config
    return MemoryFileStore()


def open_emailer(config: Config) -> Emailer:
    """Make the emailer that sends nothing."""
    from para_core.memory.emailer import NoopEmailer

    del config
    return NoopEmailer()
