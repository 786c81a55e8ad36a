"""What does ``MongoDBDAO`` cost over PyMongo, for reads by id and for durable creates?

Both sides do the same work in the same run, with 32 callers and ten connections each: a read of one
document by its id; a create is the document and its entry in the change feed, in one transaction
that most members have on disk. 2,000 objects of 500 bytes, seed 7, five interleaved rounds of 320
operations, medians. The bars are 0.5 of the driver for reads and 0.4 for creates.

It needs ``PARA_TEST_MONGODB_URL`` and leaves nothing behind. On a stand-in for MongoDB the speed of
both sides is that of the stand-in; only the ratio says something.

    python -m benchmarks.scenarios.dao_on_mongodb
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Mapping

import msgspec
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.write_concern import WriteConcern

from benchmarks.scenarios.dao_reads_and_writes import Operation, in_turns, spread
from para_core.contracts.dao import Record
from para_dao_mongodb.address import address_of
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.settings import MongoSettings

OBJECTS = 2_000
OPERATIONS = 320  # of one side in one round
ROUNDS = 5
CALLERS = 32
CONNECTIONS = 10
BARS = {"read": 0.5, "create": 0.4}
TIMEOUT_MS = 60_000


async def main() -> int:
    """Measure, print, and return how many bars were missed."""
    uri, name = os.environ["PARA_TEST_MONGODB_URL"], f"bench_{os.getpid()}"
    print(f"{'':34}{'driver':>10}{'DAO':>10}{'ratio':>8}   operations a second, medians")
    address = address_of(MongoSettings(uri=uri), name)
    async with AsyncMongoClient[dict[str, object]](uri, maxPoolSize=CONNECTIONS) as client:
        try:
            async with MongoDBDAO(address, timeout_ms=TIMEOUT_MS, pool_size=CONNECTIONS) as dao:
                return await compare(client, name, dao)
        finally:
            await client.drop_database(name)


async def compare(client: AsyncMongoClient[dict[str, object]], name: str, dao: MongoDBDAO) -> int:
    """Load both sides, then measure them in turns."""
    objects, changes = client[name]["plain_objects"], client[name]["plain_changes"]
    durable = WriteConcern("majority", j=True)

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

    chance = random.Random(7)
    keys = [str(10**17 + chance.randrange(10**9)) for _ in range(OBJECTS)]
    await changes.insert_one({"event": "none", "keys": []})  # the collection is there
    await objects.insert_many([{"_id": key, **fields_of(key)} for key in keys])
    await dao.create_all("bench", [record_of(key) for key in keys])
    sides: Mapping[str, tuple[Operation, Operation]] = {
        "read": (read, lambda key: dao.read("bench", key)),
        "create": (create, lambda key: dao.create("bench", record_of(key))),
    }
    missed = 0
    for verb, (driver, ours) in sides.items():
        rounds = [chance.sample(keys, OPERATIONS) for _ in range(ROUNDS)]
        if verb == "create":  # new ids, so that every one is an insert
            rounds = [[f"{step}-{key}" for key in wanted] for step, wanted in enumerate(rounds)]
        await spread(driver, rounds[0][:CALLERS], CALLERS)  # connections are made
        plain, through = await in_turns(driver, ours, CALLERS, rounds)
        ratio = through / plain
        missed += ratio < BARS[verb]
        title = f"MongoDB, {verb}, {CALLERS} callers"
        print(f"{title:34}{plain:10.0f}{through:10.0f}{ratio:8.2f}   bar {BARS[verb]}")
    return missed


def fields_of(key: str) -> dict[str, object]:
    """Return an object of some 500 bytes, without its id."""
    usual = {"type": "cat", "appid": "bench", "timestamp": 1_700_000_000_000, "name": f"Cat {key}"}
    flags = {"stored": True, "indexed": True, "cached": True, "version": 0, "votes": 0}
    return {**usual, **flags, "tags": ["a", "b"], "about": "x" * 300}


def record_of(key: str) -> Record:
    """Return the same as a record."""
    return Record(key, "cat", msgspec.json.encode({"id": key, **fields_of(key)}))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
