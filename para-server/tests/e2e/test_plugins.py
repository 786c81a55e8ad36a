"""A plugin that uses every hook, as a wheel in the plugin folder of a whole server."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from para_core import types
from para_core.config import Config
from para_core.objects import CLASSES
from para_core.plugins import Plugins, load_plugins
from para_core.testing.wheels import WheelRecipe
from para_server.para import Para, settings_of
from para_server.serving import backends_of

from .client import ROOT_SECRET, Client

SOURCE = """
from typing import Annotated

from msgspec import Meta, Struct

from para_core.contracts import Emailer
from para_core.extensions import ResourceHandler
from para_core.hookspecs import hookimpl
from para_core.errors import QueryError
from para_core.listeners import AppListener, IOListener, SearchListener
from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.dao import MemoryDAO
from para_core.memory.emailer import NoopEmailer
from para_core.memory.filestore import MemoryFileStore
from para_core.memory.queue import MemoryQueue, QueueSettings
from para_core.memory.search import MemorySearch
from para_core.objects import Sysprop

heard = []
used = []

class TidesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    greeting: str = "low tide"
    depth_m: Annotated[int, Meta(ge=1, description="Depth in metres.")] = 5

class Tide(Sysprop, kw_only=True):
    type: str = "tide"
    height: float = 0.0
    stations: list[str] | None = None

class Listener(IOListener):
    async def before_write(self, appid, write):
        if "forbidden" in write.keys():
            raise ValueError("not in this water")

    async def after_write(self, appid, write, change):
        heard.append(f"{write.event} {write.keys()}")

class Apps(AppListener):
    async def app_created(self, app):
        heard.append(f"created {app.id}")

    async def app_deleted(self, app):
        heard.append(f"deleted {app.id}")

    async def setting_added(self, app, key, value):
        heard.append(f"added {key}={value}")

    async def setting_removed(self, app, key):
        heard.append(f"removed {key}")

def open_queue(config):
    return MemoryQueue(QueueSettings(), clock=lambda: 0.0)

def open_cache(config):
    return MemoryCache(CaffeineSettings(), clock=lambda: 0.0)

@hookimpl
def para_register_daos():
    return {"TidesDAO": lambda config: MemoryDAO()}

@hookimpl
def para_register_searches():
    return {"TidesSearch": lambda config: MemorySearch()}

@hookimpl
def para_register_caches():
    return {"TidesCache": open_cache}

@hookimpl
def para_register_queues():
    return {"TidesQueue": open_queue}

@hookimpl
def para_register_filestores():
    return {"TidesFiles": lambda config: MemoryFileStore()}

@hookimpl
def para_register_emailers():
    return {"TidesMail": lambda config: NoopEmailer()}

@hookimpl
def para_register_sections():
    return {"para.tides": TidesSettings}

@hookimpl
def para_register_io_listeners():
    return [Listener()]

class Searches(SearchListener):
    async def before_search(self, appid, query, kind, pager):
        if kind == "submarine":
            raise QueryError("submarines", "nobody looks for these")

    async def after_search(self, appid, query, kind, hits):
        heard.append(f"found {hits.total} {kind}")

@hookimpl
def para_register_search_listeners():
    return [Searches()]

@hookimpl
def para_register_app_listeners():
    return [Apps()]

@hookimpl
def para_register_core_types():
    return {"tide": Tide}

@hookimpl
def para_register_routes(config):
    settings = config.section("para.tides", TidesSettings)

    async def app(scope, receive, send):
        station = scope["path_params"].get("station", "")
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        size = len((await receive())["body"])
        text = f"{size} bytes" if size else f"{settings.greeting} {station}"
        body = text.strip().encode()
        await send({"type": "http.response.body", "body": body})

    return [ResourceHandler("/v1/_tides/{station}", app), ResourceHandler("/tides", app)]

@hookimpl
def para_on_metrics(metrics):
    used.append(metrics)

@hookimpl
async def para_on_start(config):
    heard.append(f"start {config.text('para.dao')}")

@hookimpl
def para_on_stop():
    heard.append("stop")
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A configuration that selects everything from the plugin."""
    recipe = WheelRecipe(
        name="para-tides", files={"tides.py": SOURCE}, plugin="tides", requires=["para-core<1"]
    )
    recipe.build(tmp_path / "lib")
    return Config(
        {
            "para.plugin_folder": str(tmp_path / "lib"),
            "para.plugin_cache_folder": str(tmp_path / "cache"),
            "para.dao": "TidesDAO",
            "para.search": "TidesSearch",
            "para.cache": "TidesCache",
            "para.q": "TidesQueue",
            "para.fs": "TidesFiles",
            "para.emailer": "TidesMail",
            "para.root_secret_override": ROOT_SECRET,
            "para.tides.greeting": "high tide",
        }
    )


@pytest.fixture
def plugins(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugins]:
    """The plugins of the process; what they brought is gone afterwards."""
    monkeypatch.setitem(types._plurals, "tide", "")  # taken away again at the end
    monkeypatch.setitem(types._singulars, "tides", "")
    path = list(sys.path)
    plugins = load_plugins(config)
    plugins.register_core_types()
    yield plugins
    del CLASSES["tide"]
    sys.path[:] = path
    del sys.modules["tides"]


@pytest.fixture
async def root(config: Config, plugins: Plugins) -> AsyncIterator[Client]:
    """The root app of a server with the plugin."""
    async with Para(settings_of(config), backends_of(config, plugins)) as para:
        plugins.use_metrics(para.metrics)
        await plugins.start(config)
        yield Client(para, "app:para", ROOT_SECRET)
        await plugins.stop(config)


def heard() -> list[str]:
    """What the plugin was told."""
    told: list[str] = sys.modules["tides"].heard
    return told


def test_every_back_end_comes_from_the_plugin(config: Config, plugins: Plugins) -> None:
    found = plugins.found[-1]
    assert len(plugins.hooks_of(found)) == 15  # all but commands, which test_cli has
    assert type(plugins.queue(config)).__name__ == "MemoryQueue"
    assert type(plugins.filestore(config)).__name__ == "MemoryFileStore"
    assert type(plugins.emailer(config)).__name__ == "NoopEmailer"
    described = plugins.described(config)
    assert described.number("para.tides.depth_m") == 5


async def test_the_server_works_on_what_the_plugin_offers(root: Client) -> None:
    made = await root.post("/v1/boat", {"id": "b1", "name": "Ann"})
    assert made.status == 201
    assert (await root.get("/v1/boats")).json["items"][0]["id"] == "b1"


async def test_the_plugin_counts_and_times(root: Client) -> None:
    (metrics,) = sys.modules["tides"].used
    with metrics.time("myapp", "Tides", "look_up"):
        metrics.counter("myapp", "Tides", "ebbs").add(2)
    root.para.metrics.settle()
    assert dict(root.para.metrics.system.readings())["Tides.look_up"].count == 1
    assert root.para.metrics.of("myapp").counts() == [("Tides.ebbs", 2)]


async def test_resources_of_the_plugin_answer(root: Client) -> None:
    answer = await root.get("/v1/_tides/pier")
    assert (answer.status, answer.text) == (200, "high tide pier")
    nobody = Client(root.para)
    assert (await nobody.get("/v1/_tides/pier")).status == 401
    assert (await nobody.get("/tides")).text == "high tide"
    assert (await root.post("/v1/_tides/pier")).status == 405
    large = b" " * 2_000_000
    assert (await root.send("GET", "/v1/_tides/pier", raw=large)).text == "2000000 bytes"
    assert (await nobody.send("GET", "/tides", raw=large)).text == "2000000 bytes"
    refused = await nobody.send("GET", "/signin", raw=large)
    assert (refused.status, refused.json["message"]) == (400, "The request is too large.")


async def test_listeners_hear_of_writes_and_may_refuse_them(
    root: Client, caplog: pytest.LogCaptureFixture
) -> None:
    await root.post("/v1/boat", {"id": "b1"})
    assert "create ['b1']" in heard()
    with caplog.at_level(logging.CRITICAL):
        refused = await root.post("/v1/boat", {"id": "forbidden"})
    assert refused.status >= 400
    assert (await root.get("/v1/boat/forbidden")).status == 404


async def test_listeners_hear_of_searches_and_may_refuse_them(root: Client) -> None:
    await root.post("/v1/boat", {"id": "b1"})
    await root.get("/v1/boats")
    await root.get("/v1/boats")  # also where the answer lies in memory
    assert heard().count("found 1 boat") == 2
    refused = await root.get("/v1/submarine")
    assert refused.status == 400
    assert "nobody looks for these" in refused.json["message"]


async def test_listeners_hear_of_apps_and_settings(root: Client) -> None:
    made = await root.get("/v1/_setup/harbour")
    app = Client(root.para, "app:harbour", made.json["secretKey"])
    await app.put("/v1/_settings/colour", {"value": "blue"})
    await app.delete("/v1/_settings/colour")
    await app.delete("/v1/app/app:harbour")
    expected = ["created app:harbour", "added colour=blue", "removed colour", "deleted app:harbour"]
    assert [line for line in heard() if line in expected] == expected


async def test_a_type_of_the_plugin_has_fields_of_its_own(root: Client) -> None:
    made = await root.post("/v1/tides", {"id": "t1", "height": "7.5", "colour": "grey"})
    assert made.json["type"] == "tide"
    assert made.json["height"] == 7.5
    found = (await root.get("/v1/tides/t1")).json
    assert (found["height"], found["colour"]) == (7.5, "grey")


async def test_start_and_stop_are_told(config: Config, plugins: Plugins) -> None:
    await plugins.start(config)
    await plugins.stop(config)
    assert heard() == ["start TidesDAO", "stop"]
