from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest

from para_core.contracts.dao import Record, Write
from para_core.errors import ConflictError, UnavailableError
from para_core.listeners import AppListener
from para_core.memory.dao import MemoryDAO
from para_core.objects import App
from para_core.objects.codec import decode
from para_server.config import ApiSettings
from para_server.services.apps import Apps, app_named
from para_server.services.store import Store


class SlowDAO(MemoryDAO):
    """Lets others run between a read and a write; counts writes."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def read_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        found = await super().read_all(appid, keys)
        await asyncio.sleep(0)
        await self.gate.wait()
        return found

    async def write(self, appid: str, write: Write) -> int:
        await asyncio.sleep(0)
        number = await super().write(appid, write)
        self.writes += 1
        return number


class Ears(AppListener):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    async def app_created(self, app: App) -> None:
        self.heard.append(("created", app.identifier))

    async def app_deleted(self, app: App) -> None:
        self.heard.append(("deleted", app.identifier))

    async def setting_added(self, app: App, key: str, value: object) -> None:
        self.heard.append(("added", app.identifier, key, value))

    async def setting_removed(self, app: App, key: str) -> None:
        self.heard.append(("removed", app.identifier, key))


@pytest.fixture
async def dao() -> AsyncIterator[SlowDAO]:
    async with SlowDAO() as dao:
        yield dao


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
async def apps(dao: SlowDAO, ears: Ears) -> Apps:
    store = Store(dao, cache=None, index=None)
    apps = Apps(store, ApiSettings(), clock=lambda: 1_700_000_000_000, listeners=[ears])
    for identifier in ("para", "shop"):
        await apps.create(App(id=f"app:{identifier}", name=identifier))
    return apps


async def the(apps: Apps, identifier: str) -> App:
    app = await apps.find(identifier)
    assert app is not None
    return app


async def test_an_app_is_made_once(apps: Apps, dao: SlowDAO, ears: Ears) -> None:
    made = await asyncio.gather(*(apps.create(App(id="app:new", name="n")) for _ in range(20)))
    [new] = [app for app in made if app is not None]
    assert (await the(apps, "new")).secret == new.secret
    assert len(new.secret or "") >= 40
    assert ears.heard == [("created", "shop"), ("created", "new")]
    assert "new" in await dao.apps()


async def test_a_hundred_changes_at_once_lose_nothing(apps: Apps) -> None:
    def put(number: int) -> Any:  # noqa: ANN401 - a function of an app
        def alter(app: App) -> None:
            app.settings[f"key{number}"] = number

        return alter

    await asyncio.gather(*(apps.change("shop", put(number)) for number in range(100)))
    assert (await the(apps, "shop")).settings == {f"key{n}": n for n in range(100)}


async def test_changes_by_another_server_are_kept_as_well(apps: Apps, dao: SlowDAO) -> None:
    other = Apps(Store(dao, cache=None, index=None), ApiSettings(), clock=lambda: 0)

    async def put(some: Apps, prefix: str, number: int) -> None:
        app = await the(apps, "shop")
        await some.put_settings(app, {f"{prefix}{number}": 1}, replace=False)

    calls = [put(some, name, n) for n in range(20) for some, name in ((apps, "a"), (other, "b"))]
    await asyncio.gather(*calls)
    record = await dao.read("para", "app:shop")
    assert record is not None
    assert len(cast("App", decode(record)).settings) == 40


async def test_a_change_that_is_overtaken_all_the_time_gives_up(
    apps: Apps, dao: SlowDAO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write(appid: str, write: Write) -> int:
        raise ConflictError([f"{appid}:{write.event}"])

    monkeypatch.setattr(dao, "write", write)
    with pytest.raises(ConflictError, match="app:shop"):
        await apps.change("shop", lambda app: None)


async def test_a_change_of_nothing_writes_nothing(apps: Apps, dao: SlowDAO) -> None:
    before = dao.writes
    app = await apps.change("shop", lambda app: False)
    assert app is not None
    assert await apps.change("nowhere", lambda app: None) is None
    assert dao.writes == before


async def test_a_reader_that_was_overtaken_does_not_keep_an_old_app(
    apps: Apps, dao: SlowDAO
) -> None:
    dao.gate.clear()
    reader = asyncio.create_task(apps.find("shop"))
    await asyncio.sleep(0.001)
    dao.gate.set()
    renewed = await apps.new_keys(App(id="app:shop"))
    await reader
    assert (await the(apps, "shop")).secret == renewed.secret


async def test_an_app_that_is_known_costs_no_read(apps: Apps, dao: SlowDAO) -> None:
    assert apps.known("shop") is None
    app = await the(apps, "shop")
    assert apps.known("shop") is app
    dao.gate.clear()
    assert await apps.find("shop") is app
    assert await apps.find("") is None


async def test_a_type_is_registered_once_however_many_objects_come(
    apps: Apps, dao: SlowDAO
) -> None:
    app = await the(apps, "shop")
    before = dao.writes
    await asyncio.gather(*(apps.register_types(app, ["cat"]) for _ in range(50)))
    assert dao.writes == before + 1
    await apps.register_types(await the(apps, "shop"), ["cat", "user"])
    assert dao.writes == before + 1
    assert (await the(apps, "shop")).datatypes["cats"] == "cat"


async def test_types_that_come_at_once_are_all_registered(apps: Apps) -> None:
    app = await the(apps, "shop")
    await asyncio.gather(*(apps.register_types(app, [f"t{n}", "cat"]) for n in range(60)))
    known = (await the(apps, "shop")).datatypes
    assert {f"t{n}" for n in range(60)} <= set(known.values())
    assert list(known.values()).count("cat") == 1


async def test_an_app_has_no_more_types_than_allowed(dao: SlowDAO) -> None:
    store = Store(dao, cache=None, index=None)
    apps = Apps(store, ApiSettings(max_datatypes_per_app=5), clock=lambda: 1)
    app = await apps.create(App(id="app:small", name="s"))
    assert app is not None
    for number in range(10):
        await apps.register_types(await the(apps, "small"), [f"t{number}"])
    assert len((await the(apps, "small")).datatypes) <= 5


async def test_an_app_that_was_half_deleted_can_be_deleted_again(
    apps: Apps, dao: SlowDAO, monkeypatch: pytest.MonkeyPatch
) -> None:
    await dao.create("shop", Record("c1", "cat", b'{"id":"c1","type":"cat"}'))

    async def lost(appid: str, write: Write) -> int:
        raise UnavailableError(f"no answer about {write.event} in {appid}")

    with monkeypatch.context() as patched:
        patched.setattr(dao, "write", lost)
        with pytest.raises(UnavailableError):
            await apps.delete(await the(apps, "shop"))
    assert await dao.read("shop", "c1") is None
    await apps.delete(await the(apps, "shop"))
    assert await apps.find("shop") is None


async def test_a_deleted_app_is_gone_with_everything_in_it(
    apps: Apps, dao: SlowDAO, ears: Ears
) -> None:
    app = await the(apps, "shop")
    await apps.put_settings(app, {"a": 1}, replace=False)
    await apps.delete(await the(apps, "shop"))
    assert await apps.find("shop") is None
    assert "shop" not in await dao.apps()
    assert ears.heard[-3:] == [
        ("added", "shop", "a", 1),
        ("deleted", "shop"),
        ("removed", "shop", "a"),
    ]
    await apps.delete(await the(apps, "para"))
    assert await apps.find("para") is not None


async def test_settings_are_put_replaced_and_removed(apps: Apps, ears: Ears) -> None:
    app = await the(apps, "shop")
    await apps.put_settings(app, {"a": 1, "b": None, " ": 2, "c": [3]}, replace=False)
    await apps.put_settings(await the(apps, "shop"), {"d": 4, "c": 5}, replace=True)
    assert (await the(apps, "shop")).settings == {"d": 4, "c": 5}
    await apps.remove_setting(await the(apps, "shop"), "d")
    await apps.remove_setting(await the(apps, "shop"), "d")
    assert (await the(apps, "shop")).settings == {"c": 5}
    assert ears.heard.count(("removed", "shop", "d")) == 1
    assert ("removed", "shop", "a") in ears.heard


class Grumpy(AppListener):
    """Fails at everything."""

    async def app_created(self, app: App) -> None:
        raise RuntimeError(app.id)

    async def setting_added(self, app: App, key: str, value: object) -> None:
        raise RuntimeError(key)


async def test_a_listener_that_fails_is_logged_and_changes_nothing(
    dao: SlowDAO, ears: Ears, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(dao, cache=None, index=None)
    apps = Apps(store, ApiSettings(), clock=lambda: 1, listeners=[Grumpy(), ears])
    app = await apps.create(App(id="app:shop", name="shop"))
    assert app is not None
    await apps.put_settings(app, {"a": 1}, replace=False)
    assert (await the(apps, "shop")).settings == {"a": 1}
    assert ears.heard == [("created", "shop"), ("added", "shop", "a", 1)]
    assert caplog.text.count("a listener of apps failed") == 2


async def test_new_keys_replace_the_old_ones(apps: Apps) -> None:
    old = (await the(apps, "shop")).secret
    renewed = await apps.new_keys(await the(apps, "shop"))
    assert renewed.secret not in (old, None, "")
    assert (await the(apps, "shop")).secret == renewed.secret


@pytest.mark.parametrize(
    ("text", "identifier"),
    [("shop", "shop"), ("app:shop", "shop"), ("My App", "my-app"), ("", ""), ("  ", "")],
    ids=["short", "full", "spelled", "empty", "blank"],
)
def test_an_app_goes_by_several_names(text: str, identifier: str) -> None:
    assert app_named(text) == identifier
