"""Random operations over two nodes, with faults: nothing old remains after the bound."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from para_cache_redis.cache import RedisCache
from para_core.contracts.dao import Record
from para_core.testing.line import Line

from ..kit import OwnRedis, a_cache, a_cluster, is_back  # noqa: TID252

pytestmark = pytest.mark.service("redis")

KEYS = ["cat1", "cat2", "cat3", "cat4"]
STALE_MS = 100
STEPS = 150


@dataclass
class Database:
    """The truth: what a DAO would have."""

    records: dict[str, Record] = field(default_factory=dict)
    change: int = 0

    def write(self, key: str) -> Record:
        self.change += 1
        record = self.records[key] = Record(key, "cat", b'{"n":%d}' % self.change, self.change)
        return record

    def delete(self, key: str) -> int:
        self.change += 1
        self.records.pop(key, None)
        return self.change


class Node:
    """A server that writes through the cache and reads as ``Store`` does."""

    def __init__(self, cache: RedisCache, database: Database, line: Line) -> None:
        self.cache, self.line, self._database = cache, line, database
        self._written: dict[str, int] = {}

    async def write(self, key: str, *, is_slow: bool) -> None:
        record = self._database.write(key)
        if is_slow:
            await asyncio.sleep(0.002)
        await self.cache.put("app", record)
        self._written[key] = max(record.change, self._written.get(key, 0))

    async def delete(self, key: str) -> None:
        change = self._database.delete(key)
        await self.cache.remove("app", key, change=change)
        self._written[key] = max(change, self._written.get(key, 0))

    async def read(self, keys: list[str], *, is_slow: bool) -> None:
        before = dict(self._written)
        found = await self.cache.get_all("app", keys)
        for key, record in found.items():
            assert record.change >= before.get(key, 0), "it does not see its own write"
        stored = [r for key in keys if key not in found and (r := self._database.records.get(key))]
        if is_slow:
            await asyncio.sleep(0.005)
        await self.cache.fill_all("app", stored)

    def peek(self, key: str) -> None:
        record = self.cache.peek("app", key)
        assert record is None or record.change >= self._written.get(key, 0)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[OwnRedis]:
    async with OwnRedis(tmp_path) as server:
        yield server


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("faults", ["none", "lines", "server"])
async def test_nothing_old_remains(server: OwnRedis, faults: str, seed: int) -> None:
    chance = random.Random(f"{faults} {seed}")  # noqa: S311 - no secret
    database, cluster = Database(), a_cluster()
    async with AsyncExitStack() as stack:
        nodes = [await a_node(stack, server, cluster, database) for _ in range(2)]
        running: set[asyncio.Task[None]] = set()
        for _ in range(STEPS):
            running.add(asyncio.create_task(step(chance, chance.choice(nodes))))
            if chance.random() < 0.05:
                await disturb(faults, chance, nodes, server)
            await asyncio.sleep(chance.choice((0, 0, 0.001)))
        await asyncio.gather(*running)
        for node in nodes:
            await node.line.restore()
            await is_back(node.cache)
        await asyncio.sleep(STALE_MS / 1000)  # the bound itself
        for node in nodes:
            held = {key: node.cache.peek("app", key) for key in KEYS}
            held |= await node.cache.get_all("app", KEYS)
            for key, record in held.items():
                assert record in (None, database.records.get(key))


async def a_node(stack: AsyncExitStack, server: OwnRedis, cluster: str, database: Database) -> Node:
    line = Line("127.0.0.1", server.port)
    await line.restore()
    stack.push_async_callback(line.cut)
    url = f"redis://127.0.0.1:{line.port}/0"
    cache = a_cache(url, cluster, timeout_ms=300, stale_ms=STALE_MS)
    await stack.enter_async_context(cache)
    await is_back(cache)
    return Node(cache, database, line)


async def step(chance: random.Random, node: Node) -> None:
    key, is_slow = chance.choice(KEYS), chance.random() < 0.3
    match chance.choice(("write", "write", "delete", "read", "read", "read", "page", "peek")):
        case "write":
            await node.write(key, is_slow=is_slow)
        case "delete":
            await node.delete(key)
        case "read":
            await node.read([key], is_slow=is_slow)
        case "page":
            await node.read(KEYS, is_slow=is_slow)
        case _:
            node.peek(key)


async def disturb(faults: str, chance: random.Random, nodes: list[Node], server: OwnRedis) -> None:
    line = chance.choice(nodes).line
    if faults == "lines":
        match chance.choice(("cut", "block", "hold", "free", "free")):
            case "cut":
                await line.cut()
                await line.restore()
            case "block":
                line.block()
            case "hold":
                line.hold_answers()
            case _:
                line.free()
    elif faults == "server":
        match chance.choice(("kill", "flush", "news")):
            case "kill":
                await server.kill()
                await server.start()
            case "flush":
                await server.tell("FLUSHALL")
            case _:
                await server.tell("CLIENT", "KILL", "TYPE", "pubsub")
