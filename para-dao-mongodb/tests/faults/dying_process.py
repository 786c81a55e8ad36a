"""Writes one batch to a server without transactions, and is killed at the step that is named."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from para_core.contracts.dao import Put, Write
from para_core.testing.dao import a_record
from para_dao_mongodb import intents, journalled
from para_dao_mongodb.address import address_of
from para_dao_mongodb.dao import MongoDBDAO
from para_dao_mongodb.journal import Journal
from para_dao_mongodb.settings import MongoSettings

PATIENT_MS = 60_000
Step = Callable[..., Awaitable[Any]]


def killed_now(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def killed(*_: object, **__: object) -> None:
    killed_now()


async def after(step: Step, *values: Any, **named: Any) -> None:  # noqa: ANN401
    await step(*values, **named)
    await killed()


def die(where: str) -> None:
    """Put the death into the way of the batch."""
    if where == "before the journal":
        setattr(Journal, "add", killed_now)  # noqa: B010 - mypy takes it for a mistake otherwise
    elif where == "after the journal":
        setattr(journalled, "begin", killed)  # noqa: B010
    elif where == "after some records":
        groups = intents._groups
        setattr(intents, "_groups", lambda intent: [groups(intent)[0][:2]])  # noqa: B010
        setattr(journalled, "end", killed)  # noqa: B010
    elif where == "before deletes":
        setattr(journalled, "end", killed)  # noqa: B010
    elif where == "after all records":
        setattr(intents, "_tell", killed)  # noqa: B010
    elif where == "after the feed":
        setattr(intents, "_show", killed)  # noqa: B010
    elif where == "before the mark":
        setattr(journalled, "end", partial(after, intents.end))  # noqa: B010
    else:
        raise ValueError(where)


async def run(uri: str, database: str, folder: Path, where: str) -> None:
    address = address_of(MongoSettings(uri=uri), database)
    async with MongoDBDAO(address, timeout_ms=PATIENT_MS, journal_dir=folder) as dao:
        first = await dao.create_all("app", [a_record(key) for key in ("a", "b", "gone")])
        print(first, flush=True)  # noqa: T201
        die(where)
        puts = [Put(a_record("a", text="new"), first), Put(a_record("b", text="new"), first)]
        puts += [Put(a_record("c", text="new"), 0), Put(a_record("d", text="new"))]
        await dao.write("app", Write("updateAll", puts, ["gone"]))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
