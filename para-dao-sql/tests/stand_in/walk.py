"""A walk through everything that a DAO can be asked, and the list of what it then says."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from para_core.contracts.dao import DAO, Put, Write
from para_core.testing.dao import a_record

from .engine import Engine

__all__ = ["listed", "said_by", "walk"]

_LISTS = Path(__file__).parent.parent / "statements"


async def walk(dao: DAO) -> None:
    """Ask for everything, of apps with a table of their own and of others."""
    await dao.open()
    for appid, shared in (("own", False), ("shared", True), ("own", False)):
        await dao.create_table(appid, shared=shared)
        puts = [Put(a_record(f"id{number:04}"), 0 if number % 2 else None) for number in range(3)]
        await dao.write(appid, Write("createAll", puts if appid == "shared" else puts[::2]))
    await _write_much(dao)
    await _read(dao)
    async with dao.snapshot() as seen:
        await seen.tables()
        await seen.last_change("own")
        await seen.read_page("own", limit=2)
        await seen.read_page("own", limit=2, changed_after=1)
        await seen.read_all("own", ["id0001", "absent"])
        await seen.changes("own", 0)
    await dao.forget_changes("own", 1)
    for appid in ("own", "shared", "absent"):
        await dao.delete_table(appid)
    await dao.close()
    await dao.open_beside()
    await dao.close()
    await dao.open_alone()
    await dao.create("own", a_record("again"))
    await dao.close()
    dao.share("group")
    await dao.open()
    await dao.create("own", a_record("of a group"))
    await dao.close()
    dao.share("")


async def _write_much(dao: DAO) -> None:
    many = [a_record(f"m{number:04}") for number in range(1100)]
    number = await dao.create_all("own", many)
    await dao.update("own", a_record("m0000", text="new"), expect=number)
    await dao.write("own", Write("updateAll", [Put(a_record("x" * 2000))], ["m0001"], b"{}"))
    await dao.delete_all("own", [record.id for record in many[:700]])


async def _read(dao: DAO) -> None:
    await dao.read("own", "m0900")
    await dao.read_all("own", [f"m{number:04}" for number in range(1100)])
    await dao.read_page("own", after="id0000", limit=5)
    await dao.read_page("own", kind="cat")
    await dao.changes("own", 0)
    await dao.last_change("own")
    await dao.apps()
    await dao.heads()


def said_by(engine: Engine) -> list[str]:
    """Return the statements that were asked for, each once, as they stand in a list."""
    return list(engine.said)


def listed(product: str, said: Iterable[str] = ()) -> list[str]:
    """Return the statements in the list of a product; PARA_TEST_RENEW writes it anew."""
    file = _LISTS / f"{product}.sql"
    if os.environ.get("PARA_TEST_RENEW") and said:
        file.write_text(";\n\n".join(said) + ";\n", encoding="utf-8")
    return file.read_text(encoding="utf-8").removesuffix(";\n").split(";\n\n")
