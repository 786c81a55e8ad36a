"""The collections of one database, and what reads and writes there demand of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from para_core.errors import ConfigError
from para_dao_mongodb.address import Address

__all__ = ["SHARED", "Collection", "Document", "Store", "connect", "look_at"]

Document: TypeAlias = dict[str, Any]
Collection: TypeAlias = AsyncCollection[Document]

SHARED = "objects_shared"

_SNAPSHOTS = 13  # wire version of MongoDB 5.0, the first with snapshots outside transactions


@dataclass(frozen=True, slots=True)
class Store:
    """One database on a server that was looked at."""

    client: AsyncMongoClient[Document]
    database: str
    has_transactions: bool
    has_snapshots: bool

    def objects(self, name: str) -> Collection:
        """Return a collection with objects; one question sees no write by halves."""
        level = "snapshot" if self.has_snapshots else self._level
        return self._database.get_collection(name, read_concern=ReadConcern(level))

    def plain(self, name: str) -> Collection:
        """Return a collection for use in a transaction, which has its own demands."""
        return self.client[self.database][name]

    @property
    def changes(self) -> Collection:
        """The entries of all change feeds: app, number, event, keys and note."""
        return self.objects("objects_changes")

    @property
    def apps(self) -> Collection:
        """One document for each app, under its id."""
        return self._database["objects_apps"]

    @property
    def format(self) -> Collection:
        """One document: the version of all this, and how many apps there have been."""
        return self._database["objects_format"]

    @property
    def servers(self) -> Collection:
        """One document for each process that has the database."""
        return self._database["objects_servers"]

    @property
    def _database(self) -> AsyncDatabase[Document]:
        return self.client.get_database(
            self.database,
            read_concern=ReadConcern(self._level),
            write_concern=self.durable,
        )

    @property
    def durable(self) -> WriteConcern:
        """When a write counts as done: the disks of most members have it."""
        return WriteConcern("majority" if self.has_transactions else 1, j=True)

    @property
    def _level(self) -> str:
        return "majority" if self.has_transactions else "local"

    async def drop(self, name: str) -> None:
        """Remove a collection; one that is not there stays absent."""
        await self._database.drop_collection(name)

    async def create(self, name: str) -> None:
        """Make a collection."""
        await self._database.create_collection(name, check_exists=False)


def connect(address: Address, *, timeout_ms: int, pool_size: int) -> AsyncMongoClient[Document]:
    """Return a client that waits for nothing longer than the time limit.

    Connections are made when they are needed, and again after an interruption.

    Raises:
        ConfigError: A part of the address is not what it should be.
    """
    options: dict[str, Any] = {
        "appname": "para",
        "maxPoolSize": pool_size,
        "readPreference": "primary",
        "timeoutMS": timeout_ms,
        "connectTimeoutMS": timeout_ms,
        "serverSelectionTimeoutMS": timeout_ms,
        **address.options,
    }
    try:
        return AsyncMongoClient(address.uri, **options)
    except (ValueError, OSError) as error:  # a port that is no number, a file that is not there
        raise ConfigError(
            f"{address.place} cannot be used: {error}; check para.mongodb.uri"
        ) from error


async def look_at(client: AsyncMongoClient[Document], database: str) -> Store:
    """Ask the server what it can.

    Raises:
        ConfigError: It cannot keep objects.
    """
    told = await client.admin.command("hello")
    if told.get("readOnly"):
        raise ConfigError("the server of para.mongodb is read-only; name one that takes writes")
    has_sessions = told.get("logicalSessionTimeoutMinutes") is not None
    has_transactions = has_sessions and ("setName" in told or told.get("msg") == "isdbgrid")
    has_snapshots = has_transactions and told["maxWireVersion"] >= _SNAPSHOTS
    return Store(client, database, has_transactions, has_snapshots)
