"""A process that is killed while it writes loses nothing that it had answered."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

from para_core.contracts.dao import DAO, Record
from para_core.testing.killing import lines_before_kill
from para_dao_sql.sqlite import SqliteDAO

WRITER = Path(__file__).with_name("writing_process.py")
ROUNDS = int(os.environ.get("PARA_TEST_KILL_ROUNDS", "8"))
BATCH = 5


def kill_a_writer(file: Path, name: str, seconds: float) -> dict[str, int]:
    """Return the ids whose writes were answered before the kill, with their change numbers."""
    answered: dict[str, int] = {}
    for line in lines_before_kill(WRITER, str(file), name, seconds=seconds):
        number, *keys = line.split()
        answered |= dict.fromkeys(keys, int(number))
    return answered


async def everything(dao: DAO) -> dict[str, Record]:
    """Return all records of all apps; ids of different apps differ here."""
    found: dict[str, Record] = {}
    for appid in await dao.apps():
        for record in await dao.read_page(appid, limit=10**6):
            found[record.id] = record
    return found


async def feed_of_all(dao: DAO) -> dict[str, int]:
    """Return the ids that feeds name, with the number of their only change."""
    told: dict[str, int] = {}
    for appid in await dao.apps():
        feed = await dao.changes(appid, 0, limit=10**6)
        told |= {key: change.number for change in feed for key in change.keys}
        assert await dao.last_change(appid) == feed[-1].number
    return told


async def test_no_answered_write_is_lost_and_no_batch_is_stored_by_halves(tmp_path: Path) -> None:
    file, answered = tmp_path / "para.db", dict[str, int]()
    chance = random.Random(7)  # noqa: S311
    for attempt in range(ROUNDS):
        answered |= kill_a_writer(file, str(attempt), chance.uniform(0, 0.15))
        async with SqliteDAO(file) as dao:
            found = await everything(dao)
            stored = {key: record.change for key, record in found.items()}
            assert stored.items() >= answered.items()
            parts = (key.rpartition("-")[0] for key, r in found.items() if r.type == "part")
            assert set(Counter(parts).values()) <= {BATCH}
            assert await feed_of_all(dao) == stored
    assert len(answered) > ROUNDS
