"""What does ``MongoDBDAO`` cost over PyMongo, for reads by id and for durable creates?

Both sides do the same work in the same run, with 32 callers; the DAO has ten connections, and so
has the driver (``--connections``). A read is one document by its id; a create is the document and
its entry in the change feed, in one transaction that most members have on disk. 2,000 objects of
500 bytes (``--objects``), seed 7, five interleaved rounds of 320 operations, medians. The bars are
0.5 of the driver for reads and 0.4 for creates.

It needs ``PARA_TEST_MONGODB_URL`` and leaves nothing behind. On a stand-in for MongoDB the speed of
both sides is that of the stand-in; only the ratio says something.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

import msgspec
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.write_concern import WriteConcern

from benchmarks.drivers import Driver, Work, address_from, compare
from benchmarks.peers import ParaServer
from benchmarks.scenario import Experiment, Extent, Finding
from para_core.contracts.dao import Record
from para_dao_mongodb.address import address_of
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.settings import MongoSettings

__all__ = ["EXPERIMENT"]

OBJECTS = 2_000
OPERATIONS = 320  # of one side in one round
CALLERS = 32
CONNECTIONS = 10
TIMEOUT_MS = 60_000

Client = AsyncMongoClient[dict[str, object]]


def run(_: ParaServer, extent: Extent) -> Sequence[Finding]:
    """Measure in a database of its own."""
    return asyncio.run(measure(extent, address_from("PARA_TEST_MONGODB_URL")))


async def measure(extent: Extent, uri: str) -> list[Finding]:
    """Compare the DAO with the driver."""
    name = f"bench_{os.getpid()}"
    address = address_of(MongoSettings(uri=uri), name)
    work = Work(extent.objects or OBJECTS, OPERATIONS, callers=(CALLERS,), record=record_of)
    async with Client(uri, maxPoolSize=extent.connections or CONNECTIONS) as client:
        try:
            async with MongoDBDAO(address, timeout_ms=TIMEOUT_MS, pool_size=CONNECTIONS) as dao:
                return await compare(await driver_of(client, name), dao, work)
        finally:
            await client.drop_database(name)


async def driver_of(client: Client, name: str) -> Driver:
    """Return how the driver does it, in collections of its own."""
    objects, changes = client[name]["plain_objects"], client[name]["plain_changes"]
    durable = WriteConcern("majority", j=True)
    await changes.insert_one({"event": "none", "keys": []})  # the collection is there
    await objects.insert_one({"_id": "none"})

    async def read(key: str) -> object:
        return await objects.find_one({"_id": key})

    async def create(key: str) -> object:
        async def steps(session: AsyncClientSession) -> None:
            await objects.replace_one(
                {"_id": key}, {"_id": key, **fields_of(key)}, upsert=True, session=session
            )
            await changes.insert_one({"event": "create", "keys": [key]}, session=session)

        async with client.start_session() as session:
            return await session.with_transaction(steps, write_concern=durable)

    return Driver("MongoDB", read, create)


def fields_of(key: str) -> dict[str, object]:
    """Return an object of some 500 bytes, without its id."""
    usual = {"type": "cat", "appid": "bench", "timestamp": 1_700_000_000_000, "name": f"Cat {key}"}
    flags = {"stored": True, "indexed": True, "cached": True, "version": 0, "votes": 0}
    return {**usual, **flags, "tags": ["a", "b"], "about": "x" * 300}


def record_of(key: str) -> Record:
    """Return the same as a record."""
    return Record(key, "cat", msgspec.json.encode({"id": key, **fields_of(key)}))


EXPERIMENT = Experiment(run, is_started=False, is_long=True)
