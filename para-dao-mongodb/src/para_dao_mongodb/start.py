"""What has to be there before the first use, and whether what is there can be used."""

from __future__ import annotations

import logging

from para_core.errors import ConfigError
from para_dao_mongodb.apps import clear_leftovers
from para_dao_mongodb.errors import FAILURES
from para_dao_mongodb.store import Document, Store

__all__ = ["FORMAT", "check_readable", "missing", "prepare"]

logger = logging.getLogger(__name__)

FORMAT = 1
"""Version of what is stored."""


async def prepare(store: Store) -> None:
    """Make what is missing, and clear what was left behind.

    Raises:
        ConfigError: A newer version was here.
    """
    fresh = {"format": FORMAT, "apps": 0, "owner": None}
    await store.format.update_one({"_id": "format"}, {"$setOnInsert": fresh}, upsert=True)
    _check_format(await store.format.find_one({"_id": "format"}))
    await store.changes.create_index([("app", 1), ("number", 1)], unique=True)
    try:
        await clear_leftovers(store)
    except FAILURES as error:  # nobody sees it, and the next start or app of that name goes on
        logger.warning("what is left of removed apps is not cleared: %s", error)


async def missing(store: Store) -> str:
    """Return what ``prepare`` would make, for the sentence "the next start …"; blank if nothing.

    Raises:
        ConfigError: A newer version was here.
    """
    found = await store.format.find_one({"_id": "format"})
    if found is None:
        return "makes the collections"
    _check_format(found)
    return ""


async def check_readable(store: Store) -> None:
    """Check that there are objects of ours; nothing is made.

    Raises:
        ConfigError: There are none, or a newer version made them.
    """
    found = await store.format.find_one({"_id": "format"})
    if found is None:
        raise ConfigError(
            f"the database {store.database!r} holds nothing of Para; check para.mongodb.uri and "
            "para.mongodb.database"
        )
    _check_format(found)


def _check_format(found: Document | None) -> None:
    if found is None or found["format"] > FORMAT:
        told = "no" if found is None else found["format"]
        raise ConfigError(
            f"the database has format {told}, and this version reads formats up to {FORMAT}; "
            "install the para-dao-mongodb that wrote it, or a later one"
        )
