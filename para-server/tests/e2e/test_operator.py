"""What the operator sees of the server, and nobody else."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from para_core.config import Config
from para_server.config import ApiSettings
from para_server.metrics.prometheus import FAMILIES
from para_server.para import Para

from ..processes import free_port  # noqa: TID252 - tests have no absolute names
from .backends import MEMORY, backends
from .client import Client, Reply

TOKEN = "a token of the operator"  # noqa: S105 - of these tests


@pytest.fixture
def backend_name() -> str:
    return MEMORY


@pytest.fixture
def keys() -> dict[str, object]:
    """Override it by ``pytest.mark.parametrize``."""
    return {"para.operator.token": TOKEN}


async def ask(client: Client, path: str, token: str = TOKEN, method: str = "GET") -> Reply:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return await client.send(method, path, headers=headers)


def parsed(text: str) -> dict[str, Any]:
    """Read the text as Prometheus does: all samples by family."""
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(families: dict[str, Any], name: str, /, **labels: str) -> float:
    family = next(f for f in families.values() if any(s.name == name for s in f.samples))
    (found,) = [s.value for s in family.samples if s.name == name and s.labels == labels]
    return float(found)


async def test_prometheus_reads_what_the_server_did(para: Para, app: Client) -> None:
    for n in range(20):
        await app.post("/v1/cats", {"id": f"c{n}"})
    await app.get("/v1/cats/none")
    para.metrics.counter("myapp", "Tides", 'ebbs "and" \\flows\n').add(3)
    reply = await ask(app, "/metrics")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = parsed(reply.text)
    create = "RestUtils.crud.create"
    assert value(families, "para_operation_seconds_count", operation=create) == 20
    took = value(families, "para_operation_seconds_sum", operation=create)
    median = value(families, "para_operation_seconds", operation=create, quantile="0.5")
    assert 0 < median < took < 20
    of_app = {"app": "myapp", "operation": create}
    assert value(families, "para_app_operation_seconds_count", **of_app) == 20
    assert value(families, "para_app_operation_seconds_sum", **of_app) == took
    assert value(families, "para_http_answers_total", code="201") == 20
    assert value(families, "para_http_answers_total", code="404") == 1
    assert value(families, "para_healthy") == 1
    assert value(families, "para_part_healthy", part="DAO") == 1
    assert value(families, "para_counter", name='Tides.ebbs "and" \\flows\n') == 3
    assert value(families, "process_resident_memory_bytes") > 1_000_000
    assert value(families, "process_open_fds") > 2
    assert abs(time.time() - value(families, "process_start_time_seconds")) < 10_000


@pytest.mark.parametrize("path", ["/metrics", "/health"])
async def test_pages_of_others_may_not_read_what_the_operator_sees(app: Client, path: str) -> None:
    """A browser on the machine of the server reaches the port that is for that machine only."""
    headers = {"authorization": f"Bearer {TOKEN}", "origin": "https://pages.example.org"}
    reply = await app.send("GET", path, headers=headers)
    assert reply.status == 200
    assert "access-control-allow-origin" not in reply.headers


async def test_every_family_is_told_with_its_type(app: Client) -> None:
    reply = await ask(app, "/metrics")
    told = {f.name: f.type for f in parsed(reply.text).values()}
    assert told == {name.removesuffix("_total"): kind for name, (kind, _) in FAMILIES.items()}


async def test_an_operation_that_never_happened_is_there_with_zero(app: Client) -> None:
    families = parsed((await ask(app, "/metrics")).text)
    assert value(families, "para_operation_seconds_count", operation="RestUtils.links.read") == 0


async def test_health_tells_of_every_part(para: Para, app: Client) -> None:
    reply = await ask(app, "/health")
    assert reply.status == 200
    assert (reply.json["code"], reply.json["message"]) == (200, "healthy")
    assert list(reply.json["parts"]) == ["DAO", "Storage", "Search", "Cache", "Queue", "Index"]
    assert all(part["message"] == "healthy" for part in reply.json["parts"].values())
    await para._backends.search.close()
    para.services.health._looked_at = float("-inf")
    reply = await ask(app, "/health")
    assert (reply.status, reply.json["message"]) == (500, "unhealthy")
    search = reply.json["parts"]["Search"]
    assert search["message"] == "unhealthy"
    assert "not open" in search["fault"]
    assert reply.json["parts"]["DAO"]["message"] == "healthy"
    plain = await app.get("/v1/_health")  # anybody may ask, so no reasons
    assert (plain.status, plain.json) == (500, {"code": 500, "message": "unhealthy"})
    families = parsed((await ask(app, "/metrics")).text)
    assert value(families, "para_healthy") == 0
    assert value(families, "para_part_healthy", part="Search") == 0


@pytest.mark.parametrize("path", ["/metrics", "/health"])
@pytest.mark.parametrize("token", ["", "another", TOKEN[:-1], "é"])
async def test_nobody_else_sees_it(app: Client, path: str, token: str) -> None:
    reply = await ask(app, path, token)
    assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
    signed = await app.get(path)
    assert signed.status == 401


async def test_only_reading_is_answered(app: Client) -> None:
    reply = await ask(app, "/metrics", method="POST")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("keys", [{}], ids=["no token"])
async def test_without_a_token_there_is_nothing_beside_the_api(nobody: Client) -> None:
    for path in ("/metrics", "/health"):
        assert (await nobody.get(path)).status == 404


@pytest.mark.parametrize("keys", [{"para.operator.token": TOKEN, "para.operator.apps": "false"}])
async def test_apps_can_be_left_out(app: Client) -> None:
    await app.get("/v1/cats/none")
    families = parsed((await ask(app, "/metrics")).text)
    assert not any(name.startswith("para_app_") for name in families)


@pytest.fixture
def own_port() -> int:
    return free_port()


async def test_a_port_of_its_own_needs_no_token(
    settings: ApiSettings, own_port: int, folder: Path
) -> None:
    config = Config({"para.operator.port": own_port})
    async with (
        backends(MEMORY, folder) as made,
        Para(settings, made, config=config) as para,
        para.operator_listener,
    ):
        status, body = await asyncio.to_thread(fetch, own_port, "/metrics")
        assert status == 200
        assert value(parsed(body), "para_healthy") == 1
        status, body = await asyncio.to_thread(fetch, own_port, "/health")
        assert msgspec.json.decode(body)["message"] == "healthy"
        assert (await asyncio.to_thread(fetch, own_port, "/v1/_health"))[0] == 404
        nobody = Client(para)
        assert (await nobody.get("/metrics")).status == 404
    with pytest.raises(urllib.error.URLError):
        await asyncio.to_thread(fetch, own_port, "/metrics")


async def test_a_token_holds_for_the_port_of_its_own_too(
    settings: ApiSettings, own_port: int, folder: Path
) -> None:
    config = Config({"para.operator.port": own_port, "para.operator.token": TOKEN})
    async with (
        backends(MEMORY, folder) as made,
        Para(settings, made, config=config) as para,
        para.operator_listener,
    ):
        assert (await asyncio.to_thread(fetch, own_port, "/metrics"))[0] == 401
        assert (await asyncio.to_thread(fetch, own_port, "/metrics", TOKEN))[0] == 200


def fetch(port: int, path: str, token: str = "") -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if token:
        request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
