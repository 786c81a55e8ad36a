"""Offers ``ElasticSearch``, its proxy, and what it wants to hear of apps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from para_core.hookspecs import SearchFactory, hookimpl

if TYPE_CHECKING:
    from msgspec import Struct

    from para_core.checks import Check
    from para_core.config import Config
    from para_core.contracts.search import Search
    from para_core.extensions import ResourceHandler
    from para_core.listeners import AppListener

para_plugin_api = 1

_NAME = "ElasticSearch"


@hookimpl
def para_register_searches() -> Mapping[str, SearchFactory]:
    """Offer ``ElasticSearch``."""
    return {_NAME: open_elastic_search}


@hookimpl
def para_register_sections() -> Mapping[str, type[Struct]]:
    """Describe the settings of the engine."""
    from para_search_elasticsearch.settings import BulkSettings, ElasticSettings

    return {"para.es": ElasticSettings, "para.es.bulk": BulkSettings}


@hookimpl
def para_register_app_listeners(config: Config) -> Sequence[AppListener]:
    """Make room in the shared index for apps that are to share it."""
    if not _is_selected(config):
        return []
    from para_search_elasticsearch.engine import sharing_of

    return [sharing_of(config)]


@hookimpl
def para_register_routes(config: Config) -> Sequence[ResourceHandler]:
    """Answer below ``para.es.proxy_path``; while the proxy is off, with 403."""
    if not _is_selected(config):
        return []
    from para_search_elasticsearch.engine import proxy_of

    return proxy_of(config)


@hookimpl
def para_register_checks(config: Config) -> Sequence[Check]:
    """Look at the cluster, where it is the search engine."""
    if not _is_selected(config):
        return []
    from para_search_elasticsearch.doctor import CHECK

    return [CHECK]


def open_elastic_search(config: Config) -> Search:
    """Make the engine that ``para.es`` describes."""
    from para_search_elasticsearch.engine import engine_of

    return engine_of(config)


def _is_selected(config: Config) -> bool:
    return config.text("para.search").lower() == _NAME.lower()
