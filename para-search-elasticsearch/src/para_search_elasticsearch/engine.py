"""Puts the parts together as a configuration says."""

from __future__ import annotations

from para_core.config import Config
from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.search import ElasticSearch
from para_search_elasticsearch.settings import BulkSettings, ElasticSettings
from para_search_elasticsearch.signing import AwsSigner, credentials_of

__all__ = ["connection_of", "engine_of", "settings_of"]


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
    root = config.text("para.app_name")
    return ElasticSearch(settings, bulk, connection_of(config, settings), root=root)
