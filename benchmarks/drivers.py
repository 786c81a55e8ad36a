"""What a DAO costs over its driver: both do the same work, in turns, in the same run."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.processes import StartError
from benchmarks.scenario import Bar, Finding
from para_core.contracts.dao import DAO, Record

__all__ = ["DATA", "Driver", "Operation", "Work", "address_from", "compare", "in_turns", "spread"]

DATA = b"x" * 500
_SEED = 7
_AT_LEAST = {"read": 0.5, "create": 0.4}  # of the operations of the driver

Operation = Callable[[str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Driver:
    """How the driver alone does what the DAO is asked for, with an id."""

    product: str
    read: Operation
    create: Operation


def _plain(key: str) -> Record:
    return Record(key, "cat", DATA)


@dataclass(frozen=True, slots=True)
class Work:
    """How much both sides do, and what ratio is expected of the DAO."""

    records: int = 20_000
    operations: int = 3_000  # of one side in one round
    rounds: int = 5
    callers: Sequence[int] = (1, 8, 32, 64)
    barred: Sequence[int] = (32,)  # callers whose ratio has a bar
    record: Callable[[str], Record] = field(default=_plain)


async def compare(driver: Driver, dao: DAO, work: Work) -> list[Finding]:
    """Load both sides, then measure them with each number of callers."""
    chance = random.Random(_SEED)
    keys = [str(10**17 + number) for number in chance.sample(range(10**9), work.records)]
    await spread(driver.create, keys, max(work.callers))
    await dao.create_all("bench", [work.record(key) for key in keys])
    sides: Mapping[str, tuple[Operation, Operation]] = {
        "read": (driver.read, lambda key: dao.read("bench", key)),
        "create": (driver.create, lambda key: dao.create("bench", work.record(key))),
    }
    found: list[Finding] = []
    for verb, (plain, ours) in sides.items():
        for callers in work.callers:
            wanted = min(work.operations, len(keys))
            rounds = [chance.sample(keys, wanted) for _ in range(work.rounds)]
            if verb == "create":  # new ids, so that every one is an insert
                rounds = [
                    [f"{callers}-{step}-{key}" for key in part] for step, part in enumerate(rounds)
                ]
            speeds = await in_turns(plain, ours, callers, rounds)
            bar = Bar(_AT_LEAST[verb], is_upper=False) if callers in work.barred else None
            title = f"{driver.product}, {verb}, {callers} caller{'s' * (callers > 1)}"
            found += _findings(title, speeds, bar)
    return found


def _findings(title: str, speeds: Sequence[float], bar: Bar | None) -> list[Finding]:
    plain, ours = speeds
    return [
        Finding(f"{title}: driver, a second", plain),
        Finding(f"{title}: DAO, a second", ours),
        Finding(f"{title}: DAO by driver", ours / plain, bar),
    ]


async def in_turns(
    driver: Operation, ours: Operation, callers: int, rounds: Sequence[Sequence[str]]
) -> list[float]:
    """Return the medians of operations a second, of driver and DAO."""
    found: list[list[float]] = [[], []]
    for step, wanted in enumerate(rounds):
        for side in (0, 1) if step % 2 else (1, 0):
            began = time.perf_counter()
            await spread((driver, ours)[side], wanted, callers)
            found[side].append(len(wanted) / (time.perf_counter() - began))
    return [statistics.median(speeds) for speeds in found]


async def spread(operation: Operation, keys: Sequence[str], callers: int) -> None:
    """Run an operation for all keys, by so many callers."""

    async def call(start: int) -> None:
        for key in keys[start::callers]:
            await operation(key)

    async with asyncio.TaskGroup() as group:
        for start in range(callers):
            group.create_task(call(start))


def address_from(variable: str) -> str:
    """Return the address of a server that a scenario needs.

    Raises:
        StartError: Nothing says where it is.
    """
    if address := os.environ.get(variable, "").strip():
        return address
    raise StartError(f"{variable} is not set; `make services` starts a server, see .services/env")
