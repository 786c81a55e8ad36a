"""Exports: what is in an archive, and for whom."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from para_core.contracts.dao import Record
from para_core.errors import BackendError
from para_core.objects import App, Sysprop, Webhook
from para_server.access.principal import Kind, Principal

from .vault import SECRET, THE_APP, Vault

ANN = Principal(Kind.USER, "cinema", userid="ann", groups="users")
BOSS = Principal(Kind.USER, "cinema", userid="boss", groups="admins")


async def test_an_export_has_a_page_in_each_file_and_an_empty_one_at_the_end(vault: Vault) -> None:
    await vault.put("cinema", *(Sysprop(id=f"f{n}", type="film") for n in range(7)))
    parts = await vault.export()
    assert [len(part) for part in parts] == [3, 3, 1, 0]
    assert [item["id"] for part in parts for item in part] == [f"f{n}" for n in range(7)]


async def test_an_export_of_nothing_is_one_empty_file(vault: Vault) -> None:
    assert await vault.export() == [[]]


async def test_custom_fields_are_exported_inside_properties(vault: Vault) -> None:
    await vault.put("cinema", Sysprop(id="a", type="film", name="A", properties={"year": 1999}))
    await vault.put("cinema", Webhook(id="b", target_url="https://x.org", properties={"q": 1}))
    (film, hook), _ = await vault.export()
    assert (film["name"], film["properties"]) == ("A", {"year": 1999})
    assert "year" not in film
    assert (hook["targetUrl"], hook["properties"]) == ("https://x.org", {"q": 1})


async def test_an_app_exports_its_secrets(vault: Vault) -> None:
    await vault.put("cinema", *SECRET)
    (user, identifier), _ = await vault.export()
    assert (user["tokenSecret"], user["twoFAkey"], user["idpIdToken"]) == ("s", "t", "i")
    assert identifier["properties"] == {"password": "$2b$"}


async def test_a_user_exports_no_secrets_of_others(vault: Vault) -> None:
    await vault.put("cinema", *SECRET)
    (user, identifier), _ = await vault.export(BOSS)
    assert not {"tokenSecret", "twoFAkey", "idpIdToken"} & user.keys()
    assert identifier["properties"] == {}


async def test_a_user_exports_what_it_may_see(vault: Vault) -> None:
    objects = [Sysprop(id=f"n{n}", type="note", creatorid="bob") for n in range(5)]
    await vault.put("cinema", *objects, Sysprop(id="n9", type="note", creatorid="ann"))

    def limit(app: App) -> None:
        app.resource_permissions = {"ann": {"note": ["OWN", "GET"]}}

    await vault.apps.change("cinema", limit)
    parts = await vault.export(ANN)
    assert [[item["id"] for item in part] for part in parts] == [["n9"], []]


async def test_an_export_shows_one_moment(vault: Vault) -> None:
    films = [Sysprop(id=f"f{n:03}", type="film", properties={"n": n}) for n in range(100)]
    await vault.put("cinema", *films)
    app, parts = await vault.app("cinema"), []
    async for part in vault.backup.export(app, THE_APP, "x"):
        parts.append(part)
        await vault.put("cinema", *(Sysprop(id=f"f{n:03}", type="film") for n in range(60, 130)))
        await vault.dao.delete_all("cinema", ["f050", "f098"])
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as box:
        items = [item for name in box.namelist() for item in json.loads(box.read(name))]
    assert [item["properties"]["n"] for item in items] == list(range(100))


async def test_an_archive_tells_how_much_is_in_it(vault: Vault) -> None:
    await vault.put("cinema", *(Sysprop(id=f"f{n}", type="film") for n in range(7)))
    app = await vault.app("cinema")
    body = b"".join([part async for part in vault.backup.export(app, THE_APP, "x")])
    with zipfile.ZipFile(io.BytesIO(body)) as box:
        assert json.loads(box.comment) == {"paraExport": 1, "objects": 7, "files": 4}


async def test_a_damaged_object_breaks_an_export_off(vault: Vault) -> None:
    await vault.put("cinema", Sysprop(id="a", type="film"))
    await vault.dao.create("cinema", Record("b", "film", b'{"id":"b"'))
    app = await vault.app("cinema")
    with pytest.raises(BackendError, match="'b' is damaged"):
        [part async for part in vault.backup.export(app, THE_APP, "x")]


async def test_a_few_exports_at_a_time_are_enough(vault: Vault) -> None:
    names = ["cinema", "theatre", "opera"]
    for name in names:
        await vault.put(name, *(Sysprop(id=f"f{n}", type="film") for n in range(7)))
    cinema, theatre, opera = [await vault.app(name) for name in names]
    running = [vault.backup.export(app, THE_APP, "x") for app in (cinema, cinema, theatre, opera)]
    for export in running:
        assert not vault.backup.is_busy(opera)
        await anext(export)
    assert vault.backup.is_busy(opera)
    await running[2].aclose()
    assert not vault.backup.is_busy(opera)
    assert vault.backup.is_busy(cinema), "it has its share"
    await running[0].aclose()
    assert not vault.backup.is_busy(cinema)
    for export in running:
        await export.aclose()


async def test_the_name_of_an_archive_tells_app_and_time(vault: Vault) -> None:
    app, _, time = vault.backup.name(await vault.app("cinema")).partition("_")
    assert app == "cinema"
    assert len(time) == len("20231114_221320")
