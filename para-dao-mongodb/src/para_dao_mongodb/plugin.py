"""Offers MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from para_core.hookspecs import DAOFactory, hookimpl

if TYPE_CHECKING:
    from msgspec import Struct

    from para_core.checks import Check
    from para_core.config import Config
    from para_core.contracts.dao import DAO

para_plugin_api = 1


@hookimpl
def para_register_daos() -> Mapping[str, DAOFactory]:
    """Offer ``MongoDBDAO``."""
    return {"MongoDBDAO": open_mongodb_dao}


@hookimpl
def para_register_sections() -> Mapping[str, type[Struct]]:
    """Describe the settings."""
    from para_dao_mongodb.settings import MongoSettings

    return {"para.mongodb": MongoSettings}


@hookimpl
def para_register_checks() -> Sequence[Check]:
    """Look at the database for ``para-server doctor``."""
    from para_core.checks import Check
    from para_dao_mongodb.checks import examine_mongodb

    return [Check("MongoDB", examine_mongodb)]


def open_mongodb_dao(config: Config) -> DAO:
    """Make the DAO on the database that ``para.mongodb`` describes."""
    from pathlib import Path

    from para_dao_mongodb.address import address_of
    from para_dao_mongodb.dao import MongoDBDAO
    from para_dao_mongodb.settings import MongoSettings

    settings = config.section("para.mongodb", MongoSettings)
    address = address_of(settings, config.text("para.mongodb.database"))
    return MongoDBDAO(
        address,
        timeout_ms=settings.timeout_ms,
        pool_size=settings.pool_size,
        journal_dir=Path(settings.journal_dir.strip() or config.text("para.db.dir") or "data"),
    )
