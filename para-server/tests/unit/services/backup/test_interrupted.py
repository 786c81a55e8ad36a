"""Imports that were interrupted go on where they stopped."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from io import BytesIO

import pytest

from para_core.contracts.dao import Write
from para_core.errors import UnavailableError
from para_core.memory.dao import MemoryDAO
from para_core.objects import Sysprop
from para_core.objects.codec import decode
from para_server.config import ApiSettings
from para_server.services.archive import ImportFailedError
from para_server.services.importing import Wish
from para_server.services.importnotes import ROOM

from ....archives import archive  # noqa: TID252 - tests have no absolute names
from .vault import NOW, Vault, film

FILMS = [film(n) for n in range(300)]


class Fails(MemoryDAO):
    """Stops storing after some writes, as a crash does: those of the app, or those of apps."""

    writes_left = changes_left = 10**9

    async def write(self, appid: str, write: Write) -> int:
        if appid == "cinema":
            self.writes_left -= 1
        if appid == "para":
            self.changes_left -= 1
        if min(self.writes_left, self.changes_left) < 0:
            raise UnavailableError("the process was killed")
        return await super().write(appid, write)


@pytest.fixture
async def fails() -> AsyncIterator[Fails]:
    async with Fails() as dao:
        yield dao


@pytest.fixture
async def half(fails: Fails) -> Vault:
    """Half of an archive of 300 films; the rest can be stored now."""
    vault = Vault(fails, ApiSettings(import_batch_size=10))
    await vault.app("cinema")
    fails.writes_left = 15
    with pytest.raises(UnavailableError):
        await vault.load(FILMS)
    fails.writes_left = 10**9
    return vault


@pytest.mark.parametrize("writes", [0, 5, 9, 10, 11, 25, 36])
async def test_the_same_archive_goes_on_where_it_stopped(writes: int) -> None:
    async with Fails() as dao:
        vault = Vault(dao, ApiSettings(import_batch_size=10))
        await vault.app("cinema")
        parts = [[film(n, year=n) for n in range(part * 30, part * 30 + 30)] for part in range(12)]
        parts[3] = [{"type": "film", "name": f"No id {n}"} for n in range(30)]
        body = archive(*parts)
        dao.writes_left = writes
        with pytest.raises(UnavailableError):
            await vault.backup.import_(await vault.app("cinema"), BytesIO(body), "films.zip")
        dao.writes_left = 10**9
        resumed_at = writes // 10 * 100
        if resumed_at:
            await vault.put("cinema", Sysprop(id="f5", type="film", name="Changed meanwhile"))
        record = await vault.backup.import_(await vault.app("cinema"), BytesIO(body), "films.zip")
        assert record.properties["count"] == 360
        assert record.properties.get("resumedAt", 0) == resumed_at
        found = [decode(r) for r in await dao.read_page("cinema", limit=1000)]
        films = [obj for obj in found if obj.type == "film"]
        assert {obj.id for obj in films} >= {f"f{n}" for n in range(360) if not 90 <= n < 120}
        assert [obj for obj in found if obj.type == "paraimport"] == [record]
        named = [obj.name for obj in films if obj.name and obj.name.startswith("No id")]
        assert set(named) == {f"No id {n}" for n in range(30)}
        if resumed_at >= 120:
            assert len(films) == 360, "what had no id is not there twice"
        changed = await vault.read("cinema", "f5")
        assert changed.name == ("Changed meanwhile" if resumed_at else "Film 5")


async def test_types_that_a_crash_kept_from_the_app_are_known_after_the_next_try(
    fails: Fails,
) -> None:
    vault = Vault(fails, ApiSettings(import_batch_size=10))
    await vault.app("cinema")
    fails.changes_left = 1  # the type of the films
    things = [*FILMS[:95], *({"id": f"p{n}", "type": "poster"} for n in range(5))]
    with pytest.raises(UnavailableError):
        await vault.load(things)
    assert await vault.read("cinema", "p4") is not None
    fails.changes_left = 10**9
    await vault.load(things)
    assert (await vault.app("cinema")).datatypes["posters"] == "poster"


async def test_another_archive_begins_at_its_beginning(half: Vault) -> None:
    record = await half.load(FILMS[:200])
    assert record.properties == {"count": 200}


async def test_an_archive_that_was_refused_begins_at_its_beginning() -> None:
    """Otherwise what was removed since would be missing, and counted as if it were there."""
    async with MemoryDAO() as dao:
        vault = Vault(dao, ApiSettings(import_batch_size=10))
        parts = [film(n) for n in range(200)], [{"type": "film", "tags": "a b"}]
        with pytest.raises(ImportFailedError):
            await vault.load(*parts)
        assert await dao.read_page("cinema", kind="paraimport") == []
        await dao.delete("cinema", "f0")
        record = await vault.load(*parts, wish=Wish(is_lenient=True))
        assert (record.properties["count"], "resumedAt" in record.properties) == (200, False)
        assert await vault.read("cinema", "f0") is not None


@pytest.mark.parametrize(("hours", "resumed_at"), [(23, 100), (25, None)])
async def test_an_import_goes_on_within_a_day(
    half: Vault, hours: int, resumed_at: int | None
) -> None:
    half.now += hours * 3_600_000
    record = await half.load(FILMS)
    assert record.properties.get("resumedAt") == resumed_at
    assert record.properties["count"] == 300
    (kept,) = await half.dao.read_page("cinema", kind="paraimport")
    assert kept.id == record.id


async def test_nobody_can_plant_how_far_an_import_is(vault: Vault) -> None:
    """Who may write objects of any type could else have those of an archive left out."""
    films = [film(n) for n in range(200)]
    digest = hashlib.sha256(archive(films)).hexdigest()
    for key in (f"paraimport:{digest[:40]}", digest, "cinema"):
        note = Sysprop(id=key, type="paraimport", timestamp=NOW)
        note.properties = {"objects": 200, "archive": digest, "born": NOW, "at": NOW}
        await vault.put("cinema", note)
    record = await vault.load(films)
    assert record.properties == {"count": 200}
    assert len(await vault.dao.read_page("cinema", kind="film", limit=1000)) == 200


async def test_where_an_import_is_is_in_no_app(half: Vault) -> None:
    dao = half.dao
    assert {r.type for r in await dao.read_page("cinema", limit=1000)} == {"film"}
    (note,) = await dao.read_page(ROOM)
    assert note.id == "cinema"
    record = await half.load(FILMS)
    assert record.properties["resumedAt"] == 100
    assert await dao.read_page(ROOM) == []
    assert await dao.changes(ROOM, 0) == []


async def test_a_later_app_of_the_name_goes_on_with_no_import(half: Vault) -> None:
    await half.apps.delete(await half.app("cinema"))
    half.now += 1000
    assert (await half.load(FILMS)).properties == {"count": 300}
    assert len(await half.dao.read_page("cinema", kind="film", limit=1000)) == 300
