"""Keys of the configuration, each with what a client or an operator sees of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from para_core.config import Config
from para_core.contracts.dao import Record
from para_server.config import settings_of
from para_server.para import Para

from .backends import MEMORY, backends
from .client import ROOT_SECRET, Client


@pytest.fixture
def config(request: pytest.FixtureRequest) -> Config:
    values: Mapping[str, object] = request.param
    return Config({"para.root_secret_override": ROOT_SECRET, **values})


@pytest.fixture
async def para(config: Config, folder: Path) -> AsyncIterator[Para]:
    async with (
        backends(MEMORY, folder) as made,
        Para(settings_of(config), made, config=config) as para,
    ):
        yield para


def with_keys(**values: object) -> pytest.MarkDecorator:
    named = {f"para.{key.replace('__', '.')}": value for key, value in values.items()}
    return pytest.mark.parametrize("config", [named], indirect=True, ids=[", ".join(named)])


async def cats(app: Client, count: int) -> None:
    await app.post("/v1/_batch", [{"type": "cat", "id": f"c{n}"} for n in range(count)])


@with_keys(max_items_per_page=2)
async def test_how_many_objects_a_page_has_unless_the_request_says(app: Client) -> None:
    await cats(app, 5)
    assert len((await app.get("/v1/cat")).json["items"]) == 2


@with_keys(max_page_limit=3)
async def test_how_many_a_request_can_ask_for(app: Client) -> None:
    await cats(app, 5)
    assert len((await app.get("/v1/cat", limit=100)).json["items"]) == 3


@with_keys(max_pages=2)
async def test_the_last_page_with_a_number(app: Client) -> None:
    await cats(app, 5)
    pages = [(await app.get("/v1/cat", limit=1, page=n)).json["items"] for n in (2, 3, 9)]
    assert pages[0] == pages[1] == pages[2] != []


@pytest.mark.parametrize(
    ("config", "status"),
    [({}, 200), ({"para.landing_page_enabled": "false"}, 404)],
    indirect=["config"],
    ids=["usual", "off"],
)
async def test_whether_the_root_of_the_server_greets(nobody: Client, status: int) -> None:
    assert (await nobody.get("/")).status == status


@with_keys(reindex_batch_size=2)
async def test_how_many_objects_a_rebuild_takes_at_a_time(
    para: Para, app: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cats(app, 5)
    sizes: list[int] = []
    writer = para.services.index._writer  # type: ignore[attr-defined]
    usual: Callable[..., AsyncIterator[list[Record]]] = writer._all_records

    async def noted(appid: str) -> AsyncIterator[list[Record]]:
        async for records in usual(appid):
            sizes.append(len(records))
            yield records

    monkeypatch.setattr(writer, "_all_records", noted)
    assert (await app.post("/v1/_reindex")).json["reindexed"] >= 5
    assert sizes[0] == max(sizes) == 2


@with_keys(default_separator="+")
async def test_what_stands_between_the_parts_of_a_term(app: Client) -> None:
    await app.post("/v1/_batch", [{"type": "cat", "id": "c1", "color": "red"}, {"type": "cat"}])
    found = (await app.get("/v1/cat/search/terms", terms="properties.color+red")).json
    assert [cat["id"] for cat in found["items"]] == ["c1"]
    assert (await app.post("/v1/tag", {"tag": "sea"})).json["id"] == "tag:sea"


@pytest.mark.parametrize(
    ("config", "is_watching"),
    [
        ({}, True),
        ({"para.health_check_enabled": "false"}, False),
        ({"para.health.check_interval": "0"}, False),
    ],
    indirect=["config"],
    ids=["usual", "off", "no interval"],
)
async def test_whether_health_is_watched(para: Para, *, is_watching: bool) -> None:
    assert (para.services.health._task is not None) is is_watching


@pytest.mark.parametrize(
    ("config", "is_counted"),
    [({}, True), ({"para.metrics_enabled": "false"}, False)],
    indirect=["config"],
    ids=["usual", "off"],
)
async def test_whether_requests_are_timed(para: Para, app: Client, *, is_counted: bool) -> None:
    await cats(app, 1)
    para.metrics.settle()
    counts = {name: reading.count for name, reading in para.metrics.system.readings()}
    assert (counts.get("RestUtils.batch.create", 0) > 0) is is_counted


@with_keys(max_datatypes_per_app=1)
async def test_how_many_types_an_app_may_have(app: Client) -> None:
    await app.post("/v1/cat", {"id": "c1"})
    await app.post("/v1/dog", {"id": "d1"})
    types = (await app.get("/v1/_types")).json
    assert "cats" in types
    assert "dogs" not in types


async def test_each_key_of_the_api_reaches_its_setting() -> None:
    usual = settings_of(Config())
    given = {
        "import_batch_size": 7,
        "request_expires_after": 7,
        "jwt_expires_after": 7,
        "jwt_refresh_interval": 7,
        "id_token_expires_after": 7,
        "vote_expires_after": 7,
        "vote_locked_after": 7,
        "min_password_length": 9,
        "max_entity_size_bytes": 777,
        "worker_id": 7,
    }
    config = Config({f"para.{key}": str(value) for key, value in given.items()})
    assert settings_of(config) == replace(usual, **given)
