"""Many clients that change the same objects."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from .client import Client

CLIENTS = 50


async def test_changes_of_different_fields_are_all_kept(app: Client) -> None:
    await app.put("/v1/cat/tom", {"name": "Tom"})

    async def patch(client: int) -> None:
        reply = await app.patch("/v1/cat/tom", {f"f{client}": client})
        assert (reply.status, reply.json[f"f{client}"]) == (200, client)

    await asyncio.gather(*(patch(client) for client in range(CLIENTS)))
    cat = (await app.get("/v1/cat/tom")).json
    assert {name: cat[name] for name in cat if name[0] == "f"} == {
        f"f{client}": client for client in range(CLIENTS)
    }
    hits = await app.get("/v1/cat", q=f"properties.f{CLIENTS - 1}:{CLIENTS - 1}")
    assert hits.json["totalHits"] == 1


async def test_even_two_hundred_changes_at_once_are_all_kept(app: Client) -> None:
    await app.put("/v1/cat/tom", {"name": "Tom"})
    replies = await asyncio.gather(
        *(app.patch("/v1/cat/tom", {f"f{client}": client}) for client in range(200))
    )
    assert Counter(reply.status for reply in replies) == {200: 200}
    assert len([name for name in (await app.get("/v1/cat/tom")).json if name[0] == "f"]) == 200


async def test_of_changes_with_one_version_one_succeeds(app: Client) -> None:
    await app.put("/v1/cat/tom", {"version": 1})
    for version in (1, 2, 3):
        replies = await asyncio.gather(
            *(
                app.patch("/v1/cat/tom", {"version": version, "by": client})
                for client in range(CLIENTS)
            )
        )
        assert Counter(reply.status for reply in replies) == {200: 1, 412: CLIENTS - 1}
        [winner] = [reply.json for reply in replies if reply.status == 200]
        assert winner["version"] == version + 1
        assert (await app.get("/v1/cat/tom")).json == winner


async def test_clients_that_read_again_count_without_losing_one(app: Client) -> None:
    await app.put("/v1/cat/tom", {"version": 1, "count": 0})

    async def count() -> None:
        for _ in range(500):
            cat = (await app.get("/v1/cat/tom")).json
            changed = {"version": cat["version"], "count": cat["count"] + 1}
            if (await app.patch("/v1/cat/tom", changed)).status == 200:
                return
        pytest.fail("it was always somebody else's turn")

    await asyncio.gather(*(count() for _ in range(20)))
    cat = (await app.get("/v1/cat/tom")).json
    assert (cat["count"], cat["version"]) == (20, 21)


async def test_a_stale_version_changes_nothing(app: Client) -> None:
    await app.put("/v1/cat/tom", {"version": 5, "color": "red"})
    stale = await app.patch("/v1/cat/tom", {"version": 4, "color": "blue"})
    assert stale.status == 412
    assert stale.json == {"code": 412, "message": "Update failed due to 'version' mismatch."}
    assert (await app.get("/v1/cat/tom")).json["color"] == "red"
    assert (await app.patch("/v1/cat/tom", {"color": "blue"})).status == 200
    assert (await app.get("/v1/cat", q="properties.color:blue")).json["totalHits"] == 1


async def test_version_0_is_no_lock_and_stays_0(app: Client) -> None:
    cat = (await app.put("/v1/cat/tom", {"n": 0})).json
    for n in range(3):
        again = await app.patch("/v1/cat/tom", {**cat, "n": n})
        assert (again.status, again.json["version"]) == (200, 0)
    locked = await app.patch("/v1/cat/tom", {"version": 7})
    assert (locked.status, locked.json["version"]) == (200, 7)


async def test_creation_and_deletion_at_once_leave_one_of_both(app: Client) -> None:
    for _ in range(10):
        await asyncio.gather(
            *(app.put("/v1/cat/tom", {"n": n}) for n in range(5)),
            *(app.delete("/v1/cat/tom") for _ in range(5)),
        )
        read = await app.get("/v1/cat/tom")
        found = (await app.get("/v1/cat")).json
        assert found["totalHits"] == (1 if read.status == 200 else 0)
        assert found["items"] == ([read.json] if read.status == 200 else [])


async def test_reads_during_writes_never_go_back(app: Client) -> None:
    await app.put("/v1/cat/tom", {"n": 0})
    done = asyncio.Event()

    async def write() -> None:
        for n in range(1, 100):
            await app.patch("/v1/cat/tom", {"n": n})
        done.set()

    async def read() -> None:
        last = 0
        while not done.is_set():
            seen = (await app.get("/v1/cat/tom")).json["n"]
            assert seen >= last
            last = seen
            await asyncio.sleep(0)

    await asyncio.gather(write(), read(), read())


# ---- what was written is found -------------------------------------------------------------------


async def test_a_search_right_after_a_write_finds_it(app: Client) -> None:
    async def check(number: int) -> None:
        key, word = f"c{number}", f"word{number}"
        await app.put(f"/v1/cat/{key}", {"text": word})
        found = await app.get("/v1/cat", q=f"properties.text:{word}")
        assert [cat["id"] for cat in found.json["items"]] == [key], word
        await app.patch(f"/v1/cat/{key}", {"text": f"other{number}"})
        terms = await app.get("/v1/cat/search/terms", terms=f"properties.text:{word}", count=True)
        assert terms.json["totalHits"] == 0, word
        await app.delete(f"/v1/cat/{key}")
        gone = await app.get("/v1/cat", q=f"properties.text:other{number}")
        assert gone.json["items"] == [], word

    await asyncio.gather(*(check(number) for number in range(200)))


async def test_batches_and_lists_agree_at_every_moment(app: Client) -> None:
    for round_ in range(1, 11):
        await app.post("/v1/_batch", [{"type": "cat", "round": round_} for _ in range(10)])
        assert (await app.get("/v1/cat")).json["totalHits"] == 10 * round_
