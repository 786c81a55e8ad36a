"""``X-Para-Respond-Immediately``: the answer comes first, the work is done all the same."""

from __future__ import annotations

import asyncio

import pytest

from para_server import api
from para_server.config import ApiSettings
from para_server.para import Para

from .client import ROOT_SECRET, Client, Reply

AT_ONCE = {"x-para-respond-immediately": "true"}


@pytest.fixture
def backend_name() -> str:
    return "memory"


async def at_once(app: Client, method: str, path: str, body: object = None) -> Reply:
    return await app.send(method, path, body, headers=AT_ONCE)


async def done(para: Para) -> None:
    """Wait until nothing is at work in the background."""
    while para.api._background:
        await asyncio.wait(para.api._background)


async def test_writes_are_answered_with_nothing_and_done(para: Para, app: Client) -> None:
    calls = [
        ("PUT", "/v1/cat/c1", {"name": "Tom"}),
        ("POST", "/v1/cat", {"id": "c2", "name": "Eve"}),
        ("POST", "/v1/_batch", [{"type": "cat", "id": "c3", "name": "Kit"}]),
    ]
    for method, path, body in calls:
        reply = await at_once(app, method, path, body)
        assert (reply.status, reply.body) == (200, b"")
    await done(para)
    assert (await app.get("/v1/cat")).json["totalHits"] == 3
    await at_once(app, "PATCH", "/v1/cat/c1", {"age": 3})
    await at_once(app, "DELETE", "/v1/cat/c2")
    await done(para)
    assert (await app.get("/v1/cat/c1")).json["age"] == 3
    assert (await app.get("/v1/cat/c2")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/cat/c1", {"name": " "}),
        ("PATCH", "/v1/cat/nosuch", {"name": "Tom"}),
        ("POST", "/v1/cat", "no object"),
        ("POST", "/v1/cat", {"type": "cat", "tags": 5}),
    ],
    ids=["invalid", "absent", "unreadable", "wrong type"],
)
async def test_what_goes_wrong_then_leaves_nothing(
    para: Para, app: Client, method: str, path: str, body: object
) -> None:
    assert (await at_once(app, method, path, body)).status == 200
    await done(para)
    assert (await app.get("/v1/cat")).json["totalHits"] == 0


async def test_reads_and_refusals_are_answered_as_ever(app: Client) -> None:
    await app.put("/v1/cat/c1", {"name": "Tom"})
    assert (await at_once(app, "GET", "/v1/cat/c1")).json["name"] == "Tom"
    wrong = Client(app.para, app.access_key, "x" * 54)
    assert (await at_once(wrong, "PUT", "/v1/cat/c2", {"name": "Eve"})).status == 403


@pytest.mark.parametrize("bound", ["requests", "bytes"])
async def test_no_more_than_a_bound_is_waiting(
    para: Para, app: Client, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    if bound == "requests":
        monkeypatch.setattr(api, "_MOST_BACKGROUND", 3)
    else:
        monkeypatch.setattr(para.api._held, "most", 300)
    replies = await asyncio.gather(
        *(at_once(app, "PUT", f"/v1/cat/c{n}", {"name": "x" * 80}) for n in range(10))
    )
    statuses = [reply.status for reply in replies]
    assert statuses.count(200) == 3
    assert {reply.headers.get("retry-after") for reply in replies if reply.status == 503} == {"1"}
    await done(para)
    assert para.api._held.held == 0
    assert (
        await at_once(app, "PUT", "/v1/cat/c", {"name": "Big", "text": "x" * 500})
    ).status == 200
    await done(para)
    assert (await app.get("/v1/cat")).json["totalHits"] == 4


class TestWithoutBackground:
    """``para.executor_service_enabled = false``."""

    @pytest.fixture
    def settings(self) -> ApiSettings:
        return ApiSettings(root_secret_override=ROOT_SECRET, works_in_background=False)

    async def test_the_work_is_done_when_the_answer_comes(self, para: Para, app: Client) -> None:
        reply = await at_once(app, "PUT", "/v1/cat/c1", {"name": "Tom"})
        assert (reply.status, reply.body) == (200, b"")
        assert (await app.get("/v1/cat/c1")).json["name"] == "Tom"
        assert not para.api._background

    async def test_errors_are_heard_by_nobody_all_the_same(self, para: Para, app: Client) -> None:
        reply = await at_once(app, "PATCH", "/v1/cat/nosuch", {"name": "Tom"})
        assert (reply.status, reply.body) == (200, b"")
        assert not para.api._background
