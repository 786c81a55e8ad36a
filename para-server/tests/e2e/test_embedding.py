"""Para inside another program: the calls without HTTP, and the API mounted in an application."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from para_core import types
from para_core.config import Config
from para_core.errors import (
    ConfigError,
    PluginError,
    QueryError,
    UnavailableError,
    VersionConflictError,
)
from para_core.hookspecs import hookimpl
from para_core.listeners import IOListener
from para_core.metrics import Metrics
from para_core.objects import CLASSES, App, Sysprop, User
from para_core.pager import Pager
from para_server.access.demand import NotAllowedError
from para_server.embedding import BlockingPara, Para
from para_server.services.objects import ForbiddenObjectError

from .client import ROOT_SECRET


def a_config(folder: Path, **more: object) -> Config:
    return Config(
        {
            "para.dao": "MemoryDAO",
            "para.search": "MemorySearch",
            "para.q": "MemoryQueue",
            "para.db.dir": str(folder),
            "para.plugin_folder": str(folder / "lib"),
            "para.root_secret_override": ROOT_SECRET,
            **more,
        }
    )


@pytest.fixture
async def para(tmp_path: Path) -> AsyncIterator[Para]:
    async with Para.open(a_config(tmp_path)) as para:
        yield para


@pytest.fixture
async def app(para: Para) -> App:
    return await para.apps.create("Harbour", title="The harbour")


def a_boat(key: str, **custom: object) -> Sysprop:
    return Sysprop(id=key, type="boat", name=key.upper(), properties=dict(custom))


async def a_user(para: Para, app: App, key: str) -> User:
    user = User(id=key, name=key, identifier=f"{key}@example.com", email=f"{key}@example.com")
    user.active = True
    made = await para.objects.create(app, user)
    assert isinstance(made, User)
    return made


async def permit(para: Para, app: App, grants: dict[str, dict[str, list[str]]]) -> None:
    def alter(fresh: App) -> None:
        fresh.resource_permissions = grants

    await para.services.apps.change(app.identifier, alter)


async def test_objects_are_stored_found_changed_and_deleted(para: Para, app: App) -> None:
    made = await para.objects.create(app, a_boat("ann", masts=2))
    assert (made.id, made.appid, made.type) == ("ann", "harbour", "boat")
    assert made.timestamp
    assert isinstance(made, Sysprop)
    found = await para.objects.find(app, "properties.masts:2", kind="boat")
    assert (found.objects, found.total) == ([made], 1)
    made.properties["masts"] = 3
    changed = await para.objects.update(app, made)
    assert changed == await para.objects.read(app, "ann")
    assert isinstance(changed, Sysprop)
    assert changed.properties == {"masts": 3}
    await para.objects.delete(app, made)
    assert await para.objects.read(app, "ann") is None
    assert await para.objects.update(app, made) is None


async def test_many_objects_go_in_one_call(para: Para, app: App) -> None:
    boats = [a_boat(f"b{number}") for number in range(5)]
    await para.objects.create_all(app, boats)
    found = await para.objects.read_all(app, ["b3", "none", "b1"])
    assert [obj.id for obj in found] == ["b3", "b1"]
    page = await para.objects.find(app, kind="boat", pager=Pager(limit=2, sort="_docid"))
    assert (len(page.objects), page.total) == (2, 5)
    await para.objects.delete_all(app, ["b0", "b1", "b2"])
    assert {obj.id for obj in (await para.objects.find(app)).objects} == {"b3", "b4"}


async def test_the_rules_of_the_api_hold(para: Para, app: App) -> None:
    boat = a_boat("ann")
    boat.version = 1
    made = await para.objects.create(app, boat)
    made.version = 7
    with pytest.raises(VersionConflictError):
        await para.objects.update(app, made)
    with pytest.raises(QueryError):
        await para.objects.find(app, "name:(a AND")


async def test_an_app_is_made_once_and_deleted(para: Para, app: App) -> None:
    assert (app.id, app.name) == ("app:harbour", "The harbour")
    assert app.secret
    again = await para.apps.create("harbour")
    assert again.secret == app.secret
    await para.objects.create(app, a_boat("ann"))
    await para.apps.delete(app)
    assert await para.apps.find("harbour") is None
    with pytest.raises(NotAllowedError, match="App not found"):
        await para.objects.read(app, "ann")
    with pytest.raises(ValueError, match="no letter"):
        await para.apps.create("!?")


async def test_a_user_does_what_it_is_permitted_only(para: Para, app: App) -> None:
    ann, ben = await a_user(para, app, "ann"), await a_user(para, app, "ben")
    boat = a_boat("b1")
    with pytest.raises(NotAllowedError) as caught:
        await para.objects.create(app, boat, user=ann)
    assert caught.value.decision.status == 403
    grants = {"*": {"boat": ["GET", "POST", "PATCH", "DELETE", "OWN"], "_id": ["GET"]}}
    await permit(para, app, grants)
    made = await para.objects.create(app, boat, user=ann)
    assert made.creatorid == "ann"
    assert await para.objects.update(app, made, user=ann) is not None
    with pytest.raises(ForbiddenObjectError):
        await para.objects.update(app, made, user=ben)
    with pytest.raises(ForbiddenObjectError):
        await para.objects.delete(app, made, user=ben)
    assert (await para.objects.find(app, kind="boat", user=ann)).total == 1
    assert (await para.objects.find(app, kind="boat", user=ben)).total == 0
    await para.objects.delete(app, made, user=ann)


async def test_who_is_gone_or_switched_off_does_nothing(para: Para, app: App) -> None:
    ann = await a_user(para, app, "ann")
    await permit(para, app, {"*": {"*": ["*"]}})
    await para.objects.find(app, kind="boat", user=ann)
    await para.objects.delete(app, ann)
    with pytest.raises(NotAllowedError):
        await para.objects.find(app, kind="boat", user=ann)

    def switch_off(fresh: App) -> None:
        fresh.active = False

    await para.services.apps.change(app.identifier, switch_off)
    with pytest.raises(NotAllowedError, match="App not active"):
        await para.objects.find(app)


async def test_secrets_of_others_are_not_shown_to_users(para: Para, app: App) -> None:
    ann, ben = await a_user(para, app, "ann"), await a_user(para, app, "ben")
    ann.two_fa_key, ann.two_fa = "JBSWY3DPEHPK3PXP", True
    await para.objects.update(app, ann)
    await permit(para, app, {"*": {"user": ["GET"], "_id": ["GET"]}})
    for reader, shown in ((None, ann.two_fa_key), (ann, ann.two_fa_key), (ben, None)):
        [found] = (await para.objects.find(app, "id:ann", kind="user", user=reader)).objects
        assert isinstance(found, User)
        assert found.two_fa_key == shown
        assert (found.token_secret is None) is (reader is not None)


# ---- plugins of the program -------------------------------------------------------------------


class Tide(Sysprop, kw_only=True):
    type: str = "tide"
    height: float = 0.0


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def harbour(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module of the program that answers hooks; what it brought is gone afterwards."""
    monkeypatch.setitem(types._plurals, "tide", "")
    monkeypatch.setitem(types._singulars, "tides", "")
    module = ModuleType("harbour")

    class Listener(IOListener):
        async def after_write(self, appid: str, write: object, change: int) -> None:
            del write
            heard.append(f"wrote {appid} {change > 0}")

    @hookimpl
    def para_register_io_listeners() -> list[IOListener]:
        return [Listener()]

    @hookimpl
    def para_register_core_types() -> dict[str, type[Tide]]:
        return {"tide": Tide}

    @hookimpl
    def para_on_start() -> None:
        heard.append("start")

    @hookimpl
    def para_on_stop() -> None:
        heard.append("stop")

    for function in (
        para_register_io_listeners,
        para_register_core_types,
        para_on_start,
        para_on_stop,
    ):
        setattr(module, function.__name__, function)
    yield module
    CLASSES.pop("tide", None)


async def test_the_program_itself_can_answer_hooks(
    tmp_path: Path, heard: list[str], harbour: ModuleType
) -> None:
    for _ in range(2):  # one process may open several, one after the other
        async with Para.open(a_config(tmp_path), plugins=[harbour]) as para:
            app = await para.apps.create("sea")
            heard.clear()
            made = await para.objects.create(app, Tide(id="t1", height=2.5))
            assert isinstance(made, Tide)
            assert made.height == 2.5
            assert heard[0] == "wrote sea True"
            heard.clear()
        assert heard[-1] == "stop"


async def test_a_type_has_one_class_in_a_process(tmp_path: Path, harbour: ModuleType) -> None:
    Para.open(a_config(tmp_path), plugins=[harbour])
    other = ModuleType("other")

    class Other(Sysprop, kw_only=True):
        type: str = "tide"

    @hookimpl
    def para_register_core_types() -> dict[str, type[Other]]:
        return {"tide": Other}

    vars(other)["para_register_core_types"] = para_register_core_types
    with pytest.raises(PluginError, match="another class for the type 'tide'"):
        Para.open(a_config(tmp_path), plugins=[other])


async def test_a_plugin_that_fails_to_start_leaves_nothing_open(
    tmp_path: Path, heard: list[str], harbour: ModuleType
) -> None:
    @hookimpl
    def para_on_start() -> None:
        raise RuntimeError("no water")

    broken = ModuleType("broken")
    vars(broken)["para_on_start"] = para_on_start
    with pytest.raises(PluginError, match="no water"):
        async with Para.open(a_config(tmp_path), plugins=[harbour, broken]):
            pass
    assert heard[-2:] == ["start", "stop"]


# ---- mounted in an application ----------------------------------------------------------------


@pytest.mark.parametrize("context", ["", "/api"])
async def test_the_api_is_mounted_in_an_application(tmp_path: Path, context: str) -> None:
    config = a_config(tmp_path, **{"para.context_path": context})
    async with Para.open(config) as para:
        application = Starlette(routes=[Mount(context or "/", para)])
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            about = await client.get(f"{context}/v1")
            assert about.json()["server"]["name"] == "Para for Python"
            assert (await client.get(f"{context}/v1/boats")).status_code == 401
            assert (await client.get(f"{context}/")).status_code == 200


# ---- without an event loop --------------------------------------------------------------------


def test_a_program_without_an_event_loop_waits_for_answers(tmp_path: Path) -> None:
    with BlockingPara.open(a_config(tmp_path)) as para:
        app = para.apps.create("harbour")
        assert para.apps.find("harbour") is not None
        made = para.objects.create(app, a_boat("ann", masts=2))
        made.name = "Anna"
        changed = para.objects.update(app, made)
        assert changed is not None
        assert para.objects.find(app, "name:Anna").objects == [changed]
        para.objects.create_all(app, [a_boat("ben"), a_boat("cat")])
        assert len(para.objects.read_all(app, ["ben", "cat"])) == 2
        para.objects.delete_all(app, ["ben", "cat"])
        para.objects.delete(app, changed)
        assert para.objects.read(app, "ann") is None
        assert para.run(para.para.services.apps.find("harbour")) is not None
        para.apps.delete(app)
        assert para.apps.find("harbour") is None
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("para")]


def test_before_and_after_its_time_it_says_that_it_is_not_open(tmp_path: Path) -> None:
    para = BlockingPara.open(a_config(tmp_path))
    with pytest.raises(UnavailableError, match=r"not open.*with BlockingPara\.open\(\)"):
        para.apps.find("harbour")
    with para:
        assert para.apps.find("harbour") is None
    with pytest.raises(UnavailableError, match="not open"):
        para.apps.find("harbour")


def test_several_threads_ask_at_once(tmp_path: Path) -> None:
    with BlockingPara.open(a_config(tmp_path)) as para, ThreadPoolExecutor(8) as threads:
        app = para.apps.create("harbour")
        keys = [f"b{number}" for number in range(100)]
        made = threads.map(lambda key: para.objects.create(app, a_boat(key)), keys)
        assert [obj.id for obj in made] == keys
        assert para.objects.find(app, kind="boat").total == 100


def test_why_it_does_not_open_is_told(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="NoDAO"):
        BlockingPara.open(a_config(tmp_path, **{"para.dao": "NoDAO"}))
    (tmp_path / "para.db").mkdir()
    broken = {"para.dao": "SqlDAO", "para.sql.url": f"sqlite:///{tmp_path}/para.db"}
    with pytest.raises(ConfigError), BlockingPara.open(a_config(tmp_path, **broken)):
        pass


async def test_a_module_of_the_program_gets_the_metrics(tmp_path: Path) -> None:
    taken: list[Metrics] = []

    @hookimpl
    def para_on_metrics(metrics: Metrics) -> None:
        taken.append(metrics)

    module = ModuleType("counting")
    vars(module)["para_on_metrics"] = para_on_metrics
    async with Para.open(a_config(tmp_path), plugins=[module]) as para:
        app = await para.apps.create("Harbour")
        await para.objects.create(app, a_boat("b1"))
    (metrics,) = taken
    metrics.settle()
    assert dict(metrics.of(app.identifier).readings())["MemoryDAO.create"].count == 1
