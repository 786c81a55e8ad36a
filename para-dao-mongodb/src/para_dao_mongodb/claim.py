"""Which journal knows what is not stored whole: the database names it, as long as it is in use."""

from __future__ import annotations

import socket

from para_core.errors import ConfigError
from para_dao_mongodb.journal import Journal
from para_dao_mongodb.store import Document, Store

__all__ = ["check_unclaimed", "claim", "unclaim"]

_FORMAT: Document = {"_id": "format"}


async def claim(store: Store, journal: Journal, place: str) -> None:
    """Let the database name this journal.

    Raises:
        ConfigError: It names another one, or this one has entries of which it knows nothing.
    """
    named = await _named(store)
    if named is None and journal.entries:
        raise ConfigError(
            f"{journal.file} has writes to finish of which {place} knows nothing: it is another "
            "database, or an older copy; move the file away to go on without them"
        )
    mine = {"id": journal.id, "machine": socket.gethostname(), "file": str(journal.file)}
    is_free = {**_FORMAT, "journal.id": {"$in": [None, journal.id]}}
    if not (await store.format.update_one(is_free, {"$set": {"journal": mine}})).matched_count:
        raise ConfigError(_refusal(await _named(store) or {}, place))


async def unclaim(store: Store, journal: Journal) -> None:
    """Let the database name none: everything is stored whole."""
    await store.format.update_one(
        {**_FORMAT, "journal.id": journal.id}, {"$set": {"journal": None}}
    )


async def check_unclaimed(store: Store, place: str) -> None:
    """Check that everything is stored whole, for a server that needs no journal.

    Raises:
        ConfigError: The database names a journal.
    """
    if (named := await _named(store)) is not None:
        raise ConfigError(_refusal(named, place))


async def _named(store: Store) -> Document | None:
    found = await store.format.find_one(_FORMAT)
    named: Document | None = None if found is None else found.get("journal")
    return named


def _refusal(named: Document, place: str) -> str:
    return (
        f"the journal {named.get('file')} on the machine {named.get('machine')} knows what {place} "
        "has by halves; start the server that has it, or, if it is lost, see `Without "
        "transactions` on the page `Storage` of the documentation"
    )
