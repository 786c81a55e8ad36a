"""Offers the SQL databases."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from para_core.hookspecs import DAOFactory, hookimpl

if TYPE_CHECKING:
    from msgspec import Struct

    from para_core.checks import Check, Finding
    from para_core.config import Config
    from para_core.contracts.dao import DAO
    from para_dao_sql.address import ServerAddress
    from para_dao_sql.settings import SqlSettings

para_plugin_api = 1

EXPERIMENTS = frozenset({"SQL Server", "Oracle"})
"""Products of which no server has run the tests."""

UNTESTED = "is an experiment: no test has run against a server of it"
INSTEAD = "try it with data that can be lost, or use PostgreSQL or MariaDB"

_CONNECTIONS_BESIDE = 2  # of each process: one keeps its lock, one is for a snapshot

logger = logging.getLogger(__name__)


@hookimpl
def para_register_daos() -> Mapping[str, DAOFactory]:
    """Offer ``SqlDAO``, and ``H2DAO``: the embedded database under its name in the original."""
    return {"H2DAO": open_embedded_dao, "SqlDAO": open_sql_dao}


@hookimpl
def para_register_sections() -> Mapping[str, type[Struct]]:
    """Describe the settings."""
    from para_dao_sql.settings import DbSettings, SqlSettings

    return {"para.db": DbSettings, "para.sql": SqlSettings}


@hookimpl
def para_register_checks() -> Sequence[Check]:
    """Look at the settings of a database server."""
    from para_core.checks import Check

    return [Check("database", examine_database)]


async def examine_database(config: Config) -> Iterable[Finding]:
    """Tell what is known of the database server; of some products there is nothing to say."""
    from para_core.checks import advice
    from para_core.errors import ConfigError
    from para_dao_sql.address import MariaDBAddress, PostgresAddress, parse_address
    from para_dao_sql.settings import SqlSettings

    settings = config.section("para.sql", SqlSettings)
    try:
        address = parse_address(settings, "")
    except ConfigError:
        return []  # the check of the back-ends tells it
    if config.text("para.dao").lower() != "sqldao":
        return []
    if address.product in EXPERIMENTS:
        return [advice(f"{address.product} {UNTESTED}", INSTEAD)]
    workers = max(1, config.number("para.workers"))
    connections = workers * (settings.pool_size + _CONNECTIONS_BESIDE)
    try:
        match address:
            case PostgresAddress():
                from para_dao_sql.postgresql import doctor as of_postgresql

                return await of_postgresql.examine(address, settings.timeout_ms, connections)
            case MariaDBAddress():
                from para_dao_sql.mariadb import doctor as of_mariadb

                needs = of_mariadb.Needs(config.number("para.max_entity_size_bytes"), connections)
                return await of_mariadb.examine(address, settings.timeout_ms / 1000, needs)
    except ModuleNotFoundError:
        pass  # the check of the back-ends says which driver is missing
    return []


def open_embedded_dao(config: Config) -> DAO:
    """Make the DAO on the SQLite file in ``para.db.dir``, whatever ``para.sql.url`` says."""
    from para_dao_sql.address import embedded_address
    from para_dao_sql.settings import DbSettings, SqlSettings
    from para_dao_sql.sqlite import SqliteDAO

    address = embedded_address(config.section("para.db", DbSettings).dir)
    settings = config.section("para.sql", SqlSettings)
    if settings.url.strip():
        logger.warning(
            "para.sql.url is not used, objects are in the embedded database; set para.dao to "
            "SqlDAO to use it",
            extra={"place": config.source_of("para.sql.url"), "file": str(address.file)},
        )
    return SqliteDAO(address.file, timeout_ms=settings.timeout_ms)


def open_sql_dao(config: Config) -> DAO:
    """Make the DAO that ``para.sql`` describes; without an address, the embedded one."""
    from para_core.errors import ConfigError
    from para_dao_sql.address import SqliteAddress, parse_address
    from para_dao_sql.settings import DbSettings, SqlSettings
    from para_dao_sql.sqlite import SqliteDAO

    settings = config.section("para.sql", SqlSettings)
    address = parse_address(settings, config.section("para.db", DbSettings).dir)
    if isinstance(address, SqliteAddress):
        return SqliteDAO(address.file, timeout_ms=settings.timeout_ms)
    if address.product in EXPERIMENTS:
        logger.warning("%s %s; %s", address.product, UNTESTED, INSTEAD)
    try:
        return _on_a_server(address, settings)
    except ModuleNotFoundError as error:
        extra = address.product.lower().replace(" ", "")
        raise ConfigError(
            f"para.sql.url names {address.product}, whose driver is not installed; "
            f'pip install "para-dao-sql[{extra}]"'
        ) from error


def _on_a_server(address: ServerAddress, settings: SqlSettings) -> DAO:
    from para_dao_sql import address as kinds

    limits = {"timeout_ms": settings.timeout_ms, "pool_size": settings.pool_size}
    match address:
        case kinds.PostgresAddress():
            from para_dao_sql.postgresql import PostgresDAO

            return PostgresDAO(address, **limits)
        case kinds.MariaDBAddress():
            from para_dao_sql.mariadb import MariaDBDAO

            return MariaDBDAO(address, **limits)
        case kinds.SqlServerAddress():
            from para_dao_sql.sqlserver import SqlServerDAO

            return SqlServerDAO(address, **limits)
        case kinds.OracleAddress():
            from para_dao_sql.oracle import OracleDAO

            return OracleDAO(address, **limits)
