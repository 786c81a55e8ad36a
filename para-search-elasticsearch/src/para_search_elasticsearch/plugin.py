"""Offers ``ElasticSearch``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from para_core.hookspecs import SearchFactory, hookimpl

if TYPE_CHECKING:
    from msgspec import Struct

    from para_core.config import Config
    from para_core.contracts.search import Search

para_plugin_api = 1


@hookimpl
def para_register_searches() -> Mapping[str, SearchFactory]:
    """Offer ``ElasticSearch``."""
    return {"ElasticSearch": open_elastic_search}


@hookimpl
def para_register_sections() -> Mapping[str, type[Struct]]:
    """Describe the settings of the engine."""
    from para_search_elasticsearch.settings import BulkSettings, ElasticSettings

    return {"para.es": ElasticSettings, "para.es.bulk": BulkSettings}


def open_elastic_search(config: Config) -> Search:
    """Make the engine that ``para.es`` describes."""
    from para_search_elasticsearch.engine import engine_of

    return engine_of(config)
