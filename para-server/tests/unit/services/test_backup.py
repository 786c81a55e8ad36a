from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from para_core.contracts.dao import Put, Record, Write
from para_core.errors import BackendError, UnavailableError
from para_core.ids import IdGenerator
from para_core.memory.dao import MemoryDAO
from para_core.objects import App, Linker, ParaObject, Sysprop, User, Webhook
from para_core.objects.codec import decode, record_of
from para_server.access.principal import Kind, Principal
from para_server.config import ApiSettings
from para_server.services.apps import Apps
from para_server.services.archive import ImportFailedError
from para_server.services.backup import Backup
from para_server.services.importing import AS_IT_IS, Wish
from para_server.services.importnotes import ROOM
from para_server.services.store import Store

from ...archives import archive  # noqa: TID252 - tests have no absolute names

NOW = 1_700_000_000_000
THE_APP = Principal(Kind.APP, "cinema")
ANN = Principal(Kind.USER, "cinema", userid="ann", groups="users")
BOSS = Principal(Kind.USER, "cinema", userid="boss", groups="admins")


@dataclass
class Vault:
    """A root app, a child app, and their back-up."""

    dao: MemoryDAO
    settings: ApiSettings = field(default_factory=lambda: ApiSettings(max_items_per_page=3))
    now: int = NOW
    apps: Apps = field(init=False)
    backup: Backup = field(init=False)

    def __post_init__(self) -> None:
        store = Store(self.dao, cache=None, index=None)
        self.apps = Apps(store, self.settings, clock=self.clock)
        ids = IdGenerator(1, self.clock)
        self.backup = Backup(store, self.apps, ids=ids, clock=self.clock, settings=self.settings)

    def clock(self) -> int:
        return self.now

    async def app(self, name: str) -> App:
        return await self.apps.find(name) or await self._made(name)

    async def _made(self, name: str) -> App:
        made = await self.apps.create(App(id=f"app:{name}", name=name))
        assert made is not None
        return made

    async def put(self, appid: str, *objects: ParaObject) -> None:
        puts = [Put(record_of(obj)) for obj in objects]
        await self.dao.write(appid, Write("createAll", puts))

    async def read(self, appid: str, key: str) -> Any:  # noqa: ANN401 - of any class
        record = await self.dao.read(appid, key)
        return None if record is None else decode(record)

    async def export(self, caller: Principal = THE_APP) -> list[list[dict[str, Any]]]:
        app = await self.app("cinema")
        chunks = [part async for part in self.backup.export(app, caller, "x")]
        with zipfile.ZipFile(io.BytesIO(b"".join(chunks))) as box:
            return [json.loads(box.read(name)) for name in box.namelist()]

    async def load(self, *parts: object, into: str = "cinema", wish: Wish = AS_IT_IS) -> Sysprop:
        return await self.backup.import_(await self.app(into), archive(*parts), "films.zip", wish)


def film(n: int, **more: object) -> dict[str, Any]:
    return {"id": f"f{n}", "type": "film", "name": f"Film {n}", "timestamp": n, **more}


@pytest.fixture
async def vault() -> AsyncIterator[Vault]:
    async with MemoryDAO() as dao:
        vault = Vault(dao)
        await vault.app("para")
        await vault.app("cinema")
        yield vault


# ---- export -----------------------------------------------------------------------------------


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


SECRET = [
    User(
        id="ann",
        identifier="a@x.org",
        picture="https://x.org/a.png",
        token_secret="s",  # noqa: S106
        two_fa_key="t",
        idp_id_token="i",  # noqa: S106
    ),
    Sysprop(id="z@x.org", name="identifier", creatorid="ann", properties={"password": "$2b$"}),
]


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
    await vault.put("cinema", *(Sysprop(id=f"f{n}", type="film") for n in range(7)))
    app = await vault.app("cinema")
    running = [vault.backup.export(app, THE_APP, "x") for _ in range(4)]
    for export in running:
        assert not vault.backup.is_busy
        await anext(export)
    assert vault.backup.is_busy
    await running[0].aclose()
    assert not vault.backup.is_busy
    for export in running[1:]:
        await export.aclose()


async def test_the_name_of_an_archive_tells_app_and_time(vault: Vault) -> None:
    app, _, time = vault.backup.name(await vault.app("cinema")).partition("_")
    assert app == "cinema"
    assert len(time) == len("20231114_221320")


# ---- import -----------------------------------------------------------------------------------


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
    record = await vault.backup.import_(await vault.app("cinema"), b"no archive", "x")
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


# ---- what is left out, and why ------------------------------------------------------------------

MIXED: list[object] = [
    film(1),
    {"id": "x", "type": "film", "tags": "a b"},
    5,
    film(2),
    {"id": "\ud800", "type": "film"},
]


async def test_what_cannot_be_taken_is_left_out_if_that_is_wanted(vault: Vault) -> None:
    record = await vault.load(MIXED, [film(3)], wish=Wish(is_lenient=True))
    assert record.properties["count"] == 3
    assert sorted(record.properties["skipped"].values()) == [1, 1, 1]
    named = record.properties["skippedObjects"]
    assert [item.get("id") for item in named] == ["x", None, None]
    assert "no object" in named[1]["reason"]
    assert "no valid JSON" in named[2]["reason"]
    assert [r.id for r in await vault.dao.read_page("cinema", kind="film")] == ["f1", "f2", "f3"]
    assert await vault.read("cinema", record.id) == record


async def test_apps_that_were_left_out_are_told(vault: Vault) -> None:
    record = await vault.load([DEPOT, film(1)])
    assert record.properties["skippedObjects"] == [
        {"id": "app:depot", "type": "app", "reason": "apps are for the root app to import"}
    ]


async def test_of_two_objects_with_one_id_the_last_counts_and_the_other_is_told(
    vault: Vault,
) -> None:
    record = await vault.load([film(1), film(2), film(1, name="Last")])
    assert record.properties["skipped"] == {"the same id comes again in the same batch": 1}
    assert (await vault.read("cinema", "f1")).name == "Last"


async def test_a_report_names_some_and_counts_all(vault: Vault) -> None:
    many = [{"id": f"x{n}", "type": "film", "tags": "x" * 999} for n in range(300)]
    record = await vault.load([film(1), *many], wish=Wish(is_lenient=True))
    (count,) = record.properties["skipped"].values()
    assert (count, len(record.properties["skippedObjects"])) == (300, 100)


async def test_a_trial_stores_nothing(vault: Vault) -> None:
    wish = Wish(is_lenient=True, is_dry=True)
    record = await vault.load(MIXED, [film(n) for n in range(3, 2000)], wish=wish)
    assert (record.id, record.properties["count"], record.properties["dryRun"]) == ("", 1999, True)
    assert len(record.properties["skippedObjects"]) == 3
    assert await vault.dao.read_page("cinema") == []
    with pytest.raises(ImportFailedError):
        await vault.load(MIXED, wish=Wish(is_dry=True))


# ---- interrupted imports ------------------------------------------------------------------------


class Fails(MemoryDAO):
    """Stops storing after some writes, as a crash does."""

    writes_left = 10**9

    async def write(self, appid: str, write: Write) -> int:
        if appid == "cinema":
            self.writes_left -= 1
            if self.writes_left < 0:
                raise UnavailableError("the process was killed")
        return await super().write(appid, write)


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
            await vault.backup.import_(await vault.app("cinema"), body, "films.zip")
        dao.writes_left = 10**9
        resumed_at = writes // 10 * 100
        if resumed_at:
            await vault.put("cinema", Sysprop(id="f5", type="film", name="Changed meanwhile"))
        record = await vault.backup.import_(await vault.app("cinema"), body, "films.zip")
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


async def test_another_archive_begins_at_its_beginning() -> None:
    async with Fails() as dao:
        vault = Vault(dao, ApiSettings(import_batch_size=10))
        await vault.app("cinema")
        dao.writes_left = 15
        with pytest.raises(UnavailableError):
            await vault.load([film(n) for n in range(300)])
        dao.writes_left = 10**9
        record = await vault.load([film(n) for n in range(200)])
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
async def test_an_import_goes_on_within_a_day(hours: int, resumed_at: int | None) -> None:
    async with Fails() as dao:
        vault = Vault(dao, ApiSettings(import_batch_size=10))
        await vault.app("cinema")
        films = [film(n) for n in range(200)]
        dao.writes_left = 15
        with pytest.raises(UnavailableError):
            await vault.load(films)
        dao.writes_left = 10**9
        vault.now += hours * 3_600_000
        record = await vault.load(films)
        assert record.properties.get("resumedAt") == resumed_at
        assert record.properties["count"] == 200
        (kept,) = await dao.read_page("cinema", kind="paraimport")
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


async def test_where_an_import_is_is_in_no_app() -> None:
    async with Fails() as dao:
        vault = Vault(dao, ApiSettings(import_batch_size=10))
        await vault.app("cinema")
        dao.writes_left = 15
        with pytest.raises(UnavailableError):
            await vault.load([film(n) for n in range(300)])
        assert {r.type for r in await dao.read_page("cinema", limit=1000)} == {"film"}
        (note,) = await dao.read_page(ROOM)
        assert note.id == "cinema"
        dao.writes_left = 10**9
        record = await vault.load([film(n) for n in range(300)])
        assert record.properties["resumedAt"] == 100
        assert await dao.read_page(ROOM) == []
        assert await dao.changes(ROOM, 0) == []


async def test_a_later_app_of_the_name_goes_on_with_no_import() -> None:
    async with Fails() as dao:
        vault = Vault(dao, ApiSettings(import_batch_size=10))
        films = [film(n) for n in range(200)]
        await vault.app("cinema")
        dao.writes_left = 15
        with pytest.raises(UnavailableError):
            await vault.load(films)
        dao.writes_left = 10**9
        await vault.apps.delete(await vault.app("cinema"))
        vault.now += 1000
        assert (await vault.load(films)).properties == {"count": 200}
        assert len(await dao.read_page("cinema", kind="film", limit=1000)) == 200


# ---- apps in archives -------------------------------------------------------------------------

DEPOT = {
    "id": "app:depot",
    "type": "app",
    "name": "Depot",
    "readOnly": True,
    "secret": "mine",
    "datatypes": {"crates": "crate"},
    "settings": {"a": 1},
}


async def test_a_child_app_cannot_import_apps(vault: Vault) -> None:
    record = await vault.load([DEPOT, film(1)])
    assert record.properties["count"] == 1
    assert record.properties["skipped"] == {"apps are for the root app to import": 1}
    assert await vault.apps.find("depot") is None
    assert await vault.read("cinema", "app:depot") is None


async def test_the_root_app_makes_the_apps_of_an_archive(vault: Vault) -> None:
    await vault.load([{**DEPOT, "tokenValiditySec": 60}], into="para")
    app = await vault.apps.find("depot")
    assert app is not None
    assert (app.read_only, app.secret, app.settings) == (True, "mine", {"a": 1})
    assert (app.appid, app.token_validity_sec) == ("para", 60)
    assert "depot" in await vault.dao.apps()


async def test_the_root_app_replaces_apps(vault: Vault) -> None:
    held = await vault.app("depot")
    bare = {key: value for key, value in DEPOT.items() if key != "secret"}
    await vault.load([bare], into="para")
    app = await vault.apps.find("depot")
    assert app is not None
    assert app.read_only
    assert app.secret == held.secret
    assert app.token_validity_sec == 86_400


async def test_a_dictated_secret_of_the_root_app_stays() -> None:
    async with MemoryDAO() as dao:
        vault = Vault(dao, ApiSettings(root_secret_override="dictated"))  # noqa: S106
        await vault.load([{"id": "app:para", "type": "app", "secret": "other"}], into="para")
        root = await vault.apps.find("para")
        assert root is not None
        assert root.secret == "dictated"  # noqa: S105
