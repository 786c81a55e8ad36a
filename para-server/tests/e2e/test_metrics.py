"""What the API does is counted under the names that operators know."""

from __future__ import annotations

import logging

import pytest

from para_core.metrics import Registry
from para_server.metrics.lines import lines_of
from para_server.metrics.names import CACHE_METHODS, DAO_METHODS, SEARCH_TIMERS
from para_server.para import Para

from .backends import MEMORY
from .client import Client

WAYS: dict[str, dict[str, object]] = {
    "id": {"id": "c1"},
    "ids": {"ids": ["c1", "c2"]},
    "nested": {"field": "name", "q": "a"},
    "nearby": {"latlng": "1,1", "radius": "5"},
    "prefix": {"field": "name", "prefix": "a"},
    "similar": {"fields": ["name"], "like": "a cat"},
    "tagged": {"tags": ["a"]},
    "in": {"field": "name", "terms": ["a", "b"]},
    "terms": {"terms": ["name:a"]},
    "wildcard": {"field": "name", "q": "a*"},
    "count": {},
}


def counts_of(registry: Registry) -> dict[str, int]:
    return {name: reading.count for name, reading in registry.readings()}


async def do_everything(app: Client) -> None:
    """Use each kind of request of which the time is kept."""
    for n in range(3):
        await app.post("/v1/cats", {"id": f"c{n}", "type": "cat", "name": "a cat"})
    await app.get("/v1/cats/c1")
    await app.get("/v1/cats/none")
    await app.get("/v1/_id/c1")
    await app.patch("/v1/cats/c1", {"n": 1})
    await app.put("/v1/cats/c1", {"n": 2})
    await app.post("/v1/_batch", [{"id": "b1", "type": "cat"}, {"id": "b2", "type": "cat"}])
    await app.get("/v1/_batch", ids=["b1", "b2", "none"])
    await app.patch("/v1/_batch", [{"id": "b1", "n": 1}, {"id": "b2", "n": 1}])
    await app.post("/v1/cats/c1/links/c2")
    await app.get("/v1/cats/c1/links/cat")
    await app.delete("/v1/cats/c1/links/cat/c2")
    await app.get("/v1/cats")
    for way, query in WAYS.items():
        await app.get(f"/v1/cats/search/{way}", **query)
    await app.delete("/v1/_batch", ids=["b1", "b2"])
    await app.post("/v1/cats", {"name": "another cat"})
    await app.get("/v1/cats")
    await app.delete("/v1/cats/c1")
    await app.post("/v1/_reindex")


async def test_every_expected_name_of_the_api_and_the_database_is_recorded(
    para: Para, app: Client
) -> None:
    await do_everything(app)
    para.metrics.settle()
    recorded = set(para.metrics.of("myapp").timers)
    dao = type(para._backends.dao.dao).__name__  # type: ignore[attr-defined]
    cache = type(para._backends.cache.cache).__name__  # type: ignore[attr-defined]
    wanted = {
        *(f"{dao}.{method}" for method in DAO_METHODS),
        *(f"RestUtils.crud.{verb}" for verb in ("read", "create", "overwrite", "update", "delete")),
        *(f"RestUtils.batch.{verb}" for verb in ("create", "read", "update", "delete")),
        *(f"RestUtils.links.{verb}" for verb in ("read", "create", "delete")),
        *SEARCH_TIMERS.values(),
        "RestUtils.search.default",
        "Api1.rebuildIndex",
        *(f"{cache}.{m}" for m in CACHE_METHODS if m != "contains"),
    }
    assert wanted <= recorded
    of_one_or_many = {name.removesuffix("All") for name in recorded}  # as they gather
    assert {"MeasuredSearch.index", "MeasuredSearch.unindex"} <= of_one_or_many
    assert recorded <= set(counts_of(para.metrics.of("another")))  # all were expected


async def test_requests_are_booked_to_the_app_that_is_called(para: Para, app: Client) -> None:
    para.metrics.settle()
    before = counts_of(para.metrics.system)
    for _ in range(3):
        await app.get("/v1/cats/none")
    para.metrics.settle()
    name = "RestUtils.crud.read"
    assert counts_of(para.metrics.of("myapp"))[name] == 3
    assert counts_of(para.metrics.system)[name] - before[name] == 3
    assert counts_of(para.metrics.of("para"))[name] == before[name]


async def test_an_app_that_is_deleted_leaves_no_metrics(para: Para, app: Client) -> None:
    await app.post("/v1/cats", {"name": "a cat"})
    assert (await app.delete("/v1/apps/myapp")).status == 200
    assert [r.name for r in para.metrics.apps() if r.name == "myapp"] == []


@pytest.mark.parametrize("backend_name", [MEMORY])
async def test_what_takes_long_is_logged(
    para: Para, app: Client, caplog: pytest.LogCaptureFixture
) -> None:
    para.metrics.slow_ns = 0
    with caplog.at_level(logging.WARNING, "para_server.slow"):
        await app.get("/v1/cats/none")
    told = [record.__dict__ for record in caplog.records if record.name == "para_server.slow"]
    assert ("myapp", "RestUtils.crud.read") in [(t["appid"], t["operation"]) for t in told]
    assert all(t["took_ms"] >= 0 for t in told)


@pytest.mark.parametrize("backend_name", [MEMORY])
async def test_log_lines_have_the_form_of_the_original(para: Para, app: Client) -> None:
    await app.post("/v1/cats", {"name": "a cat"})
    para.metrics.counter("myapp", "Tides", "ebbs").add(2)
    para.metrics.settle()
    lines = list(lines_of(para.metrics.system))
    assert lines[0] == "type=COUNTER, name=Tides.ebbs, count=2"
    (line,) = [line for line in lines if "name=RestUtils.crud.create," in line]
    parts = [part.partition("=") for part in line.split(", ")]
    assert [name for name, _, _ in parts] == [
        "type", "name", "count", "min", "max", "mean", "stddev", "p50", "p75", "p95", "p98", "p99",
        "p999", "m1_rate", "m5_rate", "m15_rate", "mean_rate", "rate_unit", "duration_unit",
    ]  # fmt: skip
    values = {name: value for name, _, value in parts}
    assert (values["type"], values["count"]) == ("TIMER", "1")
    assert 0 < float(values["p50"]) < 1000
    assert values["rate_unit"] == "events/second"
    assert values["duration_unit"] == "milliseconds"
