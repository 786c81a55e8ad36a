"""The combinations of back-ends that the end-to-end tests run on."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.dao import MemoryDAO
from para_core.memory.search import MemorySearch
from para_server.para import Backends

if TYPE_CHECKING:
    from para_core.contracts.cache import Cache
    from para_core.contracts.dao import DAO
    from para_core.contracts.search import Search

MEMORY, SQLITE, REDIS = "memory", "sqlite-lucene", "memory-redis"
POSTGRESQL, MARIADB, MONGODB = "postgresql-lucene", "mariadb-lucene", "mongodb-lucene"
OPENSEARCH, FOUR = "memory-opensearch", "mongodb-opensearch-redis-sqs"


def _installed(*names: str) -> bool:
    return all(importlib.util.find_spec(name) is not None for name in names)


_without_plugins = pytest.mark.skipif(
    not _installed("para_dao_sql", "para_search_lucene"),
    reason="needs para-dao-sql and para-search-lucene",
)

ALL = [
    pytest.param(MEMORY),
    pytest.param(REDIS, marks=[pytest.mark.service("redis"), pytest.mark.long]),
    pytest.param(
        MONGODB, marks=[_without_plugins, pytest.mark.service("mongodb"), pytest.mark.long]
    ),
    pytest.param(OPENSEARCH, marks=[pytest.mark.service("opensearch"), pytest.mark.long]),
    pytest.param(
        FOUR,
        marks=[
            *map(pytest.mark.service, ("mongodb", "opensearch", "redis", "sqs")),
            pytest.mark.long,
        ],
    ),
    pytest.param(SQLITE, marks=_without_plugins),
    pytest.param(POSTGRESQL, marks=[_without_plugins, pytest.mark.service("postgresql")]),
    pytest.param(
        MARIADB, marks=[_without_plugins, pytest.mark.service("mariadb"), pytest.mark.long]
    ),
]
DATABASES = ALL[5:]
"""Those that keep what they are told, for tests that stop or kill whoever uses them."""


@asynccontextmanager
async def backends(name: str, folder: Path) -> AsyncIterator[Backends]:
    """Give empty back-ends; what they leave behind on a server is removed at the end."""
    if name in (POSTGRESQL, MARIADB):
        async with a_place(name) as url:
            yield _with_dao_and_search(url, folder)
    elif name == MONGODB:
        async with a_mongodb_database() as settings:
            yield Backends(a_mongodb_dao(settings), lucene(folder), a_cache())
    elif name == OPENSEARCH:
        async with a_cluster() as cluster:
            yield Backends(MemoryDAO(), an_engine(cluster), a_cache())
    elif name == FOUR:
        async with a_mongodb_database() as database, a_cluster() as cluster:
            settings = {**database, **cluster, **redis_settings(), **sqs_settings()}
            yield _selected(settings, folder)
    elif name == SQLITE:
        yield _with_dao_and_search(f"sqlite:///{folder}/para.db", folder)
    elif name == REDIS:
        yield Backends(MemoryDAO(), MemorySearch(), a_redis_cache())
    else:
        yield Backends(MemoryDAO(), MemorySearch(), a_cache())


def _selected(settings: dict[str, str], folder: Path) -> Backends:
    """Make the four back-ends as the configuration of a server selects them."""
    from para_core.config import load_config
    from para_core.plugins import load_plugins
    from para_server.serving import backends_of

    names = {
        "para.dao": "MongoDBDAO",
        "para.search": "ElasticSearch",
        "para.cache": "RedisCache",
        "para.q": "AWSQueue",
        "para.db.dir": str(folder),
    }
    config = load_config(overrides={**names, **settings}, environ={}, folder=folder)
    return backends_of(config, load_plugins(config))


def _with_dao_and_search(url: str, folder: Path) -> Backends:
    from para_core.config import load_config
    from para_dao_sql.plugin import open_sql_dao

    config = load_config(
        overrides={"para.sql.url": url, "para.db.dir": str(folder)}, environ={}, folder=folder
    )
    return Backends(open_sql_dao(config), lucene(folder), a_cache())


def lucene(folder: Path) -> Search:
    """Make the search engine on this folder."""
    from para_search_lucene.search import LuceneSearch
    from para_search_lucene.settings import LuceneSettings

    return LuceneSearch(LuceneSettings(dir=str(folder)))


def a_cache() -> MemoryCache:
    return MemoryCache(CaffeineSettings(), clock=time.monotonic)


def a_place(name: str) -> AbstractAsyncContextManager[str]:
    """Give the address of an empty place on a test server, which is removed at the end."""
    return a_schema() if name == POSTGRESQL else a_mariadb_database()


@asynccontextmanager
async def a_mariadb_database() -> AsyncIterator[str]:
    """Give the address of a database on the test server, which is dropped at the end."""
    from asyncmy.errors import MySQLError

    from para_dao_sql.address import MariaDBAddress, parse_address
    from para_dao_sql.mariadb.connection import connect
    from para_dao_sql.settings import SqlSettings

    url, name = os.environ["PARA_TEST_MARIADB_URL"], f"e2e_{uuid.uuid4().hex[:12]}"
    address = parse_address(SqlSettings(url=url), "")
    assert isinstance(address, MariaDBAddress)
    connection = await connect(address, 10)
    try:
        await connection.run(f"CREATE DATABASE {name}")
        yield url.removesuffix(address.database) + name
        using = "SELECT id FROM information_schema.processlist WHERE db = $1"
        for (number,) in await connection.fetch(using, name):  # a server that is stopped later
            with contextlib.suppress(MySQLError):  # it has ended by itself
                await connection.run("KILL $1", number)
        await connection.run(f"DROP DATABASE {name}")
    finally:
        await connection.close()


def a_mongodb_dao(settings: dict[str, str]) -> DAO:
    """Make the DAO on a database of the test server."""
    from para_core.config import load_config
    from para_dao_mongodb.plugin import open_mongodb_dao

    return open_mongodb_dao(load_config(overrides=settings, environ={}, folder=Path()))


@asynccontextmanager
async def a_mongodb_database() -> AsyncIterator[dict[str, str]]:
    """Give the settings of a database on the test server, which is dropped at the end."""
    from pymongo import AsyncMongoClient

    uri, name = os.environ["PARA_TEST_MONGODB_URL"], f"e2e_{uuid.uuid4().hex[:12]}"
    yield {
        "para.mongodb.uri": uri,
        "para.mongodb.database": name,
        "para.mongodb.timeout_ms": "60000",
    }
    async with AsyncMongoClient[dict[str, object]](uri) as client:
        await client.drop_database(name)


def a_redis_cache() -> Cache:
    """Make a cache in the test server that no other test sees."""
    from para_cache_redis.plugin import open_redis_cache
    from para_core.config import load_config

    return open_redis_cache(load_config(overrides=redis_settings(), environ={}, folder=Path()))


def redis_settings() -> dict[str, str]:
    """Return the settings of a cache in the test server that no other test sees."""
    return {
        "para.redis.url": os.environ["PARA_TEST_REDIS_URL"],
        "para.redis.timeout_ms": "10000",
        "para.cluster_name": f"e2e-{uuid.uuid4().hex}",
    }


def sqs_settings() -> dict[str, str]:
    """Return the settings of a queue in the test server that nobody else has."""
    return {
        "para.sqs.endpoint": urlsplit(os.environ["PARA_TEST_SQS_URL"])._replace(query="").geturl(),
        "para.sqs.region": "eu-west-1",
        "para.sqs.access_key": "test",
        "para.sqs.secret_key": "test",
        "para.sqs.timeout_ms": "60000",
        "para.default_queue_name": f"e2e-{uuid.uuid4().hex[:12]}",
    }


@asynccontextmanager
async def a_schema() -> AsyncIterator[str]:
    """Give the address of the test server, for a schema that is dropped at the end."""
    import asyncpg

    url, schema = os.environ["PARA_TEST_POSTGRESQL_URL"], f"e2e_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE SCHEMA {schema}")
        yield f"{url}{'&' if '?' in url else '?'}currentSchema={schema}"
        await connection.execute(f"DROP SCHEMA {schema} CASCADE")
    finally:
        await connection.close()


@asynccontextmanager
async def a_cluster() -> AsyncIterator[dict[str, str]]:
    """Give the settings of an engine on the test cluster, whose indexes are removed at the end."""
    from para_core.config import Config
    from para_search_elasticsearch.engine import connection_of, settings_of

    address = urlsplit(os.environ["PARA_TEST_OPENSEARCH_URL"])
    prefix = f"e2e-{uuid.uuid4().hex[:12]}-"
    settings = {
        "para.es.flavor": "opensearch",
        "para.es.restclient_host": str(address.hostname),
        "para.es.restclient_port": str(address.port),
        "para.es.shards": "1",
        "para.es.index_prefix": prefix,
    }
    yield settings
    config = Config({**settings, "para.es.timeout_ms": "60000"})
    async with connection_of(config, settings_of(config)) as connection:
        begun = {"wait_for_events": "languid", "timeout": "50s"}  # by whoever is closed
        await connection.request("GET /_cluster/health", doing="end what has begun", params=begun)
        await connection.request(f"DELETE /{prefix}*", doing="remove what a test made")


def an_engine(cluster: dict[str, str]) -> Search:
    """Make the engine on the test cluster."""
    from para_core.config import Config
    from para_search_elasticsearch.engine import engine_of

    return engine_of(Config(dict(cluster)))
