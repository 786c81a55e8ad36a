"""Offers ``LuceneSearch``."""

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
    """Offer ``LuceneSearch``."""
    return {"LuceneSearch": open_lucene_search}


@hookimpl
def para_register_sections() -> Mapping[str, type[Struct]]:
    """Describe the settings of the engine."""
    from para_search_lucene.settings import LuceneSettings

    return {"para.lucene": LuceneSettings}


def open_lucene_search(config: Config) -> Search:
    """Make the engine that ``para.lucene`` describes."""
    from para_search_lucene.search import LuceneSearch
    from para_search_lucene.settings import LuceneSettings

    return LuceneSearch(config.section("para.lucene", LuceneSettings))
