"""Puts the parts together as a configuration says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from para_core.extensions import ResourceHandler
from para_core.types import app_identifier
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.homes import names_of
from para_search_elasticsearch.search import ElasticSearch
from para_search_elasticsearch.settings import BulkSettings, ElasticSettings
from para_search_elasticsearch.sharing import Sharing
from para_search_elasticsearch.signing import AwsSigner, credentials_of

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["connection_of", "engine_of", "is_ordered", "proxy_of", "settings_of", "sharing_of"]


def settings_of(config: Config) -> ElasticSettings:
    """Read the section ``para.es``."""
    return config.section("para.es", ElasticSettings)


def connection_of(config: Config, settings: ElasticSettings) -> Connection:
    """Describe the connection to the cluster; nothing is sent."""
    if not settings.sign_requests_to_aws:
        return Connection(settings)
    credentials = credentials_of(config.environ)
    return Connection(settings, AwsSigner(credentials, settings.aws_region))


def engine_of(config: Config) -> ElasticSearch:
    """Make the engine that ``para.es`` describes."""
    settings, bulk = settings_of(config), config.section("para.es.bulk", BulkSettings)
    return ElasticSearch(
        settings,
        bulk,
        connection_of(config, settings),
        root=_root_of(config),
        is_ordered=is_ordered(config),
    )


def sharing_of(config: Config) -> Sharing:
    """Make what hears of apps that share the index of the root app."""
    settings = settings_of(config)
    connect = partial(connection_of, config, settings)
    return Sharing(settings, connect, _root_of(config), is_ordered=is_ordered(config))


def proxy_of(config: Config) -> list[ResourceHandler]:
    """Make the endpoint through which apps ask the cluster."""
    from para_search_elasticsearch.proxy import METHODS, Proxy

    settings = settings_of(config)
    alias = names_of(settings, _root_of(config)).alias
    proxy = Proxy(settings, partial(connection_of, config, settings), alias)
    path = f"/v1/{settings.proxy_path.strip('/')}"
    return [ResourceHandler(where, proxy, METHODS) for where in (path, f"{path}/{{path}}")]


def _root_of(config: Config) -> str:
    return app_identifier(config.text("para.app_name"))


def is_ordered(config: Config) -> bool:
    """Return whether several servers write, as nodes on one database."""
    return config.flag("para.nodes.enabled", default=False)
