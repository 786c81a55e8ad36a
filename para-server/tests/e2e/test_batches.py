"""Many objects at once."""

from __future__ import annotations

import asyncio

import pytest

from .client import Client


async def test_a_batch_goes_through_its_life(app: Client) -> None:
    made = await app.post("/v1/_batch", [{"id": f"c{n}", "type": "cat", "n": n} for n in range(40)])
    assert made.status == 200
    assert [cat["n"] for cat in made.json] == list(range(40))
    assert all(cat["appid"] == "myapp" and cat["timestamp"] > 0 for cat in made.json)
    assert (await app.get("/v1/cats", limit=0)).json["totalHits"] == 40

    keys = [f"c{n}" for n in (7, 3, 99, 3, 21)]
    read = (await app.get("/v1/_batch", ids=keys)).json
    assert [cat["id"] for cat in read] == ["c7", "c3", "c21"]

    patched = await app.patch("/v1/_batch", [{"id": "c1", "n": 100}, {"id": "no"}, {"id": "c2"}])
    assert [(cat["id"], cat["n"]) for cat in patched.json] == [("c1", 100), ("c2", 2)]
    assert all(cat["updated"] for cat in patched.json)

    assert (await app.delete("/v1/_batch", ids=["c1", "c2", "no"])).status == 200
    assert (await app.get("/v1/cats", limit=0)).json["totalHits"] == 38


async def test_an_empty_batch_is_an_empty_list(app: Client) -> None:
    for send in (app.post, app.put, app.patch):
        reply = await send("/v1/_batch", [])
        assert (reply.status, reply.json) == (200, [])


@pytest.mark.parametrize("query", [{}, {"ids": []}], ids=["nothing", "empty list"])
async def test_a_batch_needs_ids(app: Client, query: dict[str, list[str]]) -> None:
    for reply in (await app.get("/v1/_batch", **query), await app.delete("/v1/_batch", **query)):
        assert (reply.status, reply.json["message"]) == (400, "Missing ids.")


async def test_blank_ids_find_nothing(app: Client) -> None:
    assert (await app.get("/v1/_batch", ids=["", " "])).json == []
    assert (await app.delete("/v1/_batch", ids=["", " "])).status == 200


async def test_what_is_invalid_is_left_out_and_the_rest_is_stored(app: Client) -> None:
    sent: list[object] = [
        {"id": "ok", "type": "cat"},
        None,
        "text",
        5,
        [],
        {"id": 5, "type": "cat"},
        {"id": "t", "type": 7},
        {"id": "n", "type": "cat", "name": "x" * 300},
        {"id": "app:x", "type": "app"},
        {},
    ]
    made = (await app.post("/v1/_batch", sent)).json
    assert [obj["type"] for obj in made] == ["cat", "sysprop"]
    assert (await app.get("/v1/search")).json["totalHits"] == 2
    patched = await app.patch("/v1/_batch", [None, 5, {"id": 5}, {"n": 1}, {"id": "ok", "n": 2}])
    assert [obj["id"] for obj in patched.json] == ["ok"]


async def test_of_two_with_one_id_the_last_counts(app: Client) -> None:
    made = await app.post("/v1/_batch", [{"id": "a", "n": 1}, {"id": "b"}, {"id": "a", "n": 2}])
    assert sorted(obj["id"] for obj in made.json) == ["a", "b"]
    assert (await app.get("/v1/_id/a")).json["n"] == 2
    await app.patch("/v1/_batch", [{"id": "a", "n": 3, "x": 1}, {"id": "a", "n": 4, "y": 1}])
    stored = (await app.get("/v1/_id/a")).json
    assert (stored["n"], stored["x"], stored["y"]) == (4, 1, 1)


async def test_a_thousand_objects_are_stored_found_and_deleted(app: Client) -> None:
    sent = [{"id": f"c{n}", "type": "cat", "n": n} for n in range(1000)]
    assert len((await app.post("/v1/_batch", sent)).json) == 1000
    assert (await app.get("/v1/cat", q="properties.n:[500 TO *]")).json["totalHits"] == 500
    keys = [f"c{n}" for n in range(1000)]
    assert len((await app.get("/v1/_batch", ids=keys)).json) == 1000
    assert (await app.delete("/v1/_batch", ids=keys)).status == 200
    assert (await app.get("/v1/cat")).json["totalHits"] == 0


async def test_batches_of_many_clients_are_all_there_right_after(app: Client) -> None:
    async def load(client: int) -> None:
        sent = [{"type": "cat", "client": client} for _ in range(50)]
        assert len((await app.post("/v1/_batch", sent)).json) == 50

    await asyncio.gather(*(load(client) for client in range(20)))
    assert (await app.get("/v1/cat", limit=0)).json["totalHits"] == 1000


async def test_batches_that_change_the_same_objects_lose_nothing(app: Client) -> None:
    keys = [f"c{n}" for n in range(10)]
    await app.post("/v1/_batch", [{"id": key, "type": "cat"} for key in keys])

    async def patch(client: int) -> None:
        reply = await app.patch("/v1/_batch", [{"id": key, f"f{client}": client} for key in keys])
        assert len(reply.json) == 10

    await asyncio.gather(*(patch(client) for client in range(60)))
    cats = (await app.get("/v1/_batch", ids=keys)).json
    assert [cat["id"] for cat in cats] == keys
    for cat in cats:
        assert {f"f{client}" for client in range(60)} <= cat.keys()


async def test_stale_versions_in_a_batch_are_left_out(app: Client) -> None:
    for key in "abc":
        await app.put(f"/v1/cat/{key}", {"version": 1})
    sent = [{"id": "a", "version": 1, "n": 1}, {"id": "b", "version": 9, "n": 1}, {"id": "c"}]
    reply = await app.patch("/v1/_batch", sent)
    assert (reply.status, [obj["id"] for obj in reply.json]) == (200, ["a", "c"])
    assert "n" not in (await app.get("/v1/_id/b")).json
    stale = await app.patch("/v1/_batch", [{"id": "b", "version": 9, "n": 1}])
    assert stale.status == 412
    assert stale.json["message"] == (
        "Update failed for all objects in batch due to 'version' mismatch."
    )


async def test_a_batch_changes_what_is_kept_in_the_cache_only(app: Client) -> None:
    for key in "ab":
        await app.post("/v1/cats", {"id": key, "stored": key == "a"})
    changed = (await app.patch("/v1/_batch", [{"id": key, "n": 1} for key in "bca"])).json
    assert [(obj["id"], obj["stored"], obj["n"]) for obj in changed] == [
        ("b", False, 1),
        ("a", True, 1),
    ]
    assert (await app.get("/v1/cats/b")).json["n"] == 1
    assert (await app.patch("/v1/cats/b", {"n": 2})).json["n"] == 2
    assert {obj["n"] for obj in (await app.get("/v1/cats")).json["items"]} == {1, 2}
