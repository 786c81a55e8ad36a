"""The database server goes away under a running server, and comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from para_core.config import load_config
from para_core.contracts.dao import DAO
from para_core.testing.line import Line
from para_dao_sql.plugin import open_sql_dao
from para_server.config import ApiSettings
from para_server.para import Backends, Para

from ..e2e.backends import (  # noqa: TID252 - tests have no package
    MARIADB,
    MONGODB,
    POSTGRESQL,
    a_cache,
    a_mongodb_dao,
    a_mongodb_database,
    a_place,
    lucene,
)
from ..e2e.client import ROOT_SECRET, Client  # noqa: TID252

SERVERS = [
    pytest.param(POSTGRESQL, marks=pytest.mark.service("postgresql")),
    pytest.param(MARIADB, marks=pytest.mark.service("mariadb")),
    pytest.param(MONGODB, marks=[pytest.mark.service("mongodb"), pytest.mark.long]),
]


@pytest.fixture(params=SERVERS)
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Mapping[str, str]]:
    """Give the settings of an empty database; one of them is its address."""
    if request.param == MONGODB:
        async with a_mongodb_database() as settings:
            yield settings
    else:
        async with a_place(request.param) as url:
            yield {"para.sql.url": url}


@pytest.fixture
async def line(server: Mapping[str, str]) -> AsyncIterator[Line]:
    parts = urlsplit(server.get("para.sql.url") or server["para.mongodb.uri"])
    assert parts.port is not None
    line = Line(parts.hostname or "", parts.port)
    await line.restore()
    yield line
    await line.cut()


def a_dao(server: Mapping[str, str], line: Line, folder: Path) -> DAO:
    """Make the DAO that reaches the server over the line."""
    if (url := server.get("para.sql.url")) is None:
        uri = f"mongodb://127.0.0.1:{line.port}/?directConnection=true"
        over = {"para.mongodb.uri": uri, "para.mongodb.timeout_ms": "1000"}
        return a_mongodb_dao({**server, **over})
    through = url.replace(f":{urlsplit(url).port}/", f":{line.port}/")
    keys = {"para.sql.url": through, "para.sql.timeout_ms": "1000"}
    return open_sql_dao(load_config(overrides=keys, environ={}, folder=folder))


@pytest.fixture
async def para(server: Mapping[str, str], line: Line, folder: Path) -> AsyncIterator[Para]:
    settings = ApiSettings(root_secret_override=ROOT_SECRET, cache_enabled=True)
    made = Backends(a_dao(server, line, folder), lucene(folder), a_cache())
    async with Para(settings, made) as para:
        yield para


@pytest.fixture
def root(para: Para) -> Client:
    return Client(para, "app:para", ROOT_SECRET)


async def faults(para: Para) -> dict[str, str]:
    """Return what the health says now, of the parts that do not work."""
    para.services.health._looked_at = float("-inf")
    report = await para.services.health.report()
    return {part.name: part.fault for part in report.parts if part.fault}


@pytest.mark.parametrize("way", ["cut", "blocked", "answers held"])
async def test_requests_are_refused_until_it_is_back_and_nothing_is_lost(
    para: Para, root: Client, line: Line, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    if way == "answers held" and para._backends.dao.unfit_for_nodes:
        pytest.skip("it keeps what was begun for a minute: its package has a test of that")
    for key in ("cat1", "cat2"):
        assert (await root.post("/v1/cats", {"id": key, "name": "here"})).status == 201
    assert await faults(para) == {}
    if way == "cut":
        await line.cut()
    elif way == "blocked":
        line.block()
    else:
        line.hold_answers()
    caplog.clear()
    with caplog.at_level(logging.INFO):
        assert (await root.post("/v1/cats", {"id": "cat3", "name": "lost"})).status == 503
        assert (await root.get("/v1/cats/nobody-has-read-it")).status == 503
        looks = [await faults(para) for _ in range(3)]
        assert (await root.get("/v1/_health")).status == 500
    assert [list(look) for look in looks] == [["DAO"]] * 3
    told = [one.getMessage() for one in caplog.records if "no longer healthy" in one.getMessage()]
    assert len(told) == 1, "one line says which part does not work, however often it is looked at"
    assert told[0].endswith(": DAO")
    await line.cut()
    await line.restore()
    async with asyncio.timeout(60):
        while await faults(para):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    for key in ("cat1", "cat2"):
        assert (await root.get(f"/v1/cats/{key}")).json["name"] == "here"
    assert (await root.post("/v1/cats", {"id": "cat4", "name": "here"})).status == 201
    ids = [f"cat{number}" for number in range(1, 5)]
    stored = {cat["id"] for cat in (await root.get("/v1/_batch", ids=ids)).json}
    found = {cat["id"] for cat in (await root.get("/v1/cats")).json["items"]}
    assert found == stored >= {"cat1", "cat2", "cat4"}
