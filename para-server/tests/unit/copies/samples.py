"""Databases with something in them."""

from __future__ import annotations

import random
import time

import msgspec

from para_core.contracts.dao import DAO, Put, Record, Write
from para_core.memory.cache import CaffeineSettings, MemoryCache

__all__ = ["a_cache", "contents", "fill", "put", "some_records"]

ODD = ["a@x.org", "tag:\x00x", "ž/č", "🐈", "x" * 1500, '"', "linker:a:b"]


def some_records(count: int, *, seed: int = 1, size: int = 40) -> list[Record]:
    """Return records with all kinds of values and ids."""
    chance = random.Random(seed)  # noqa: S311 - a seed, not a secret
    keys = [*ODD[:count], *(f"id{n:05}" for n in range(count - len(ODD)))]
    return [
        Record(
            key,
            chance.choice(["film", "user", "sysprop"]),
            msgspec.json.encode(
                {
                    "id": key,
                    "n": chance.choice([0, -1, 2**53, 1.5, 1e300, None, True]),
                    "text": chance.choice(["", "žluť\n", "\u2028", "x" * size]),
                    "deep": {"b": [1, {"a": []}], "a": {}},
                }
            ),
        )
        for key in keys
    ]


async def fill(dao: DAO) -> None:
    """Store three apps, one of them without objects, one in the shared table."""
    await dao.create_table("para")
    await dao.create_table("empty")
    await dao.create_table("shared", shared=True)
    await dao.create_all("para", some_records(20))
    await dao.create_all("shared", some_records(30, seed=2))
    await dao.create_all("big", some_records(1300, seed=3))


async def contents(dao: DAO) -> dict[str, dict[str, tuple[str, bytes]]]:
    """Return all that a database holds."""
    return {
        appid: {r.id: (r.type, r.data) for r in await dao.read_page(appid, limit=10_000)}
        for appid in await dao.apps()
    }


async def put(dao: DAO, appid: str, *records: Record) -> None:
    """Store some records."""
    await dao.write(appid, Write("createAll", [Put(record) for record in records]))


def a_cache() -> MemoryCache:
    """Return an empty cache."""
    return MemoryCache(CaffeineSettings(), clock=time.monotonic)
