"""Imports: what an archive leaves in an app."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest

from para_core.memory.dao import MemoryDAO
from para_core.objects import Linker, Sysprop
from para_core.objects.codec import decode
from para_server.config import ApiSettings
from para_server.services.archive import ImportFailedError

from .vault import NOW, SECRET, Vault, film


async def test_an_export_can_be_imported(vault: Vault) -> None:
    objects = [Sysprop(id=f"f{n}", type="film", properties={"n": n}) for n in range(5)]
    await vault.put("cinema", *objects, *SECRET)
    record = await vault.load(*(await vault.export()), into="copy")
    assert record.properties == {"count": 7}
    for key in ("f3", "ann", "z@x.org"):
        before, after = await vault.read("cinema", key), await vault.read("copy", key)
        after.appid, after.timestamp, after.name = before.appid, before.timestamp, before.name
        assert after == before


async def test_an_import_is_recorded_with_its_types(vault: Vault) -> None:
    record = await vault.load([film(1), film(2)])
    assert await vault.read("cinema", record.id) == record
    assert (record.type, record.name, record.creatorid) == ("paraimport", "films.zip", "cinema")
    app = await vault.app("cinema")
    assert app.datatypes == {"films": "film", "paraimports": "paraimport"}


@pytest.mark.parametrize("parts", [(), ([],)], ids=["no-files", "empty-list"])
async def test_an_import_of_nothing_is_recorded_nowhere(vault: Vault, parts: Any) -> None:  # noqa: ANN401
    record = await vault.load(*parts)
    assert (record.id, record.properties) == ("", {"count": 0})
    assert await vault.dao.read_page("cinema") == []


async def test_a_body_that_is_no_archive_has_no_objects(vault: Vault) -> None:
    record = await vault.backup.import_(await vault.app("cinema"), BytesIO(b"no archive"), "x")
    assert record.properties == {"count": 0}


async def test_objects_keep_ids_and_times_and_get_the_app(vault: Vault) -> None:
    await vault.load([film(1, appid="elsewhere", updated=5, properties={"a": 1}, year=1999)])
    obj = await vault.read("cinema", "f1")
    assert (obj.appid, obj.timestamp, obj.updated) == ("cinema", 1, 5)
    assert obj.properties == {"a": 1, "year": 1999}


async def test_what_an_object_lacks_is_filled_in_and_nothing_is_validated(vault: Vault) -> None:
    bad = {"id": "u1", "type": "user", "name": "U", "email": "no address"}
    await vault.load([{"name": "Only a name"}, {"id": "t1", "type": "tag", "tag": "x"}, bad])
    records = await vault.dao.read_page("cinema")
    found = {decode(r).name: decode(r) for r in records}
    assert found["Only a name"].type == "sysprop"
    assert found["Only a name"].timestamp == NOW
    assert found["ParaObject tag:t1"].id == "tag:t1"
    assert found["U"].id == "u1"


async def test_a_stored_object_is_replaced(vault: Vault) -> None:
    await vault.load([film(1, year=1999)])
    await vault.load([film(1, name="Renamed")])
    obj = await vault.read("cinema", "f1")
    assert (obj.name, obj.properties) == ("Renamed", {})


async def test_types_are_cleaned(vault: Vault) -> None:
    await vault.load([film(1, type="_odd/#type"), film(2, type="search"), film(3, type=5)])
    kinds = [(await vault.read("cinema", f"f{n}")).type for n in (1, 2, 3)]
    assert kinds == ["oddtype", "sysprop", "sysprop"]


async def test_objects_are_stored_in_batches() -> None:
    async with MemoryDAO() as dao:
        vault = Vault(dao, ApiSettings(import_batch_size=10))
        await vault.load([film(n) for n in range(25)])
        changes = await dao.changes("cinema", 0)
        assert [len(change.keys) for change in changes] == [10, 10, 5, 1]
        assert {change.event for change in changes} == {"createAll"}


async def test_a_file_with_something_else_is_refused_as_a_whole(vault: Vault) -> None:
    with pytest.raises(ImportFailedError, match="no object"):
        await vault.load([film(1)], [film(2), 5])
    assert await vault.read("cinema", "f1") is not None
    assert await vault.read("cinema", "f2") is None


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({"id": "x", "type": "film", "tags": "a b"}, id="text-for-tags"),
        pytest.param({"id": "\ud800", "type": "film"}, id="half-a-character"),
    ],
)
async def test_an_object_that_cannot_be_stored_is_an_error(
    vault: Vault, item: Mapping[str, object]
) -> None:
    with pytest.raises(ImportFailedError):
        await vault.load([item])


async def test_copies_in_links_carry_no_secrets(vault: Vault) -> None:
    copies: list[object] = [
        {"id": "ann", "type": "user", "twoFAkey": "t", "name": "Ann"},
        {"id": "z", "type": "sysprop", "properties": {"password": "$2b$", "a": 1}},
    ]
    link = {"id": "l", "type": "linker", "id1": "z", "id2": "ann", "nstd": copies}
    await vault.load([link])
    linker = await vault.read("cinema", "l")
    assert isinstance(linker, Linker)
    assert linker.nstd == [
        {"id": "ann", "type": "user", "name": "Ann"},
        {"id": "z", "type": "sysprop", "properties": {"a": 1}},
    ]
