"""Counts under ``OWN``: nobody is told how many objects there are that it may not see.

A page of a list is another matter: as with Para 1.54, its total counts what matched before the
objects of others were left out, and is 0 when nothing is left.
"""

from __future__ import annotations

import pytest

from para_core.errors import UnavailableError

from .access_world import World, build
from .client import Client

GRANTED = {
    "*": {
        "*": ["?", "GET"],
        "note": ["?", "GET", "POST", "OWN"],
        "cat/secret": ["GET", "OWN"],
        "cat": ["?", "GET"],
    }
}


@pytest.fixture
async def world(app: Client) -> World:
    world = await build(app.para, GRANTED, ["home"])
    owner = world.client("app")
    for key, creator in (("mine", "user"), ("part", "user:x"), ("more", "owner"), ("none", "")):
        body = {"name": key, "parentid": "tom", **({"creatorid": creator} if creator else {})}
        assert (await owner.put(f"/v1/note/{key}", body)).status == 200
    await owner.put("/v1/note/child", {"name": "child", "parentid": "user"})
    await owner.put("/v1/cat/secret", {"name": "secret", "creatorid": "owner"})
    await owner.put("/v1/cat/tom", {"name": "tom", "creatorid": "owner"})
    for key in ("mine", "more", "none"):
        await owner.post(f"/v1/cat/tom/links/{key}")
    return world


async def total(client: Client, path: str, **query: object) -> int:
    reply = await client.get(path, **query)
    assert reply.status == 200, reply.text
    assert reply.json["items"] == []
    count: int = reply.json["totalHits"]
    return count


COUNTS = {
    "of a type": ("/v1/note/search/count", {}, 3, 7),
    "of a list": ("/v1/note", {"limit": 0}, 3, 7),
    "of a query": ("/v1/note", {"limit": 0, "q": "name:mine OR name:more OR name:none"}, 1, 3),
    "of terms": ("/v1/note/search/terms", {"terms": "name:more", "count": "true"}, 0, 1),
    "of a page behind the end": ("/v1/note", {"page": 900}, 3, 7),
    "of a type with one object that is held back": ("/v1/cat/search/count", {}, 1, 2),
    "of children": ("/v1/cat/tom/links/note", {"childrenonly": "true", "count": "true"}, 2, 4),
    "of links": ("/v1/cat/tom/links/note", {"count": "true"}, 1, 3),
}


@pytest.mark.parametrize(("path", "query", "own", "everything"), COUNTS.values(), ids=COUNTS.keys())
async def test_a_count_leaves_out_what_is_not_seen(
    world: World, path: str, query: dict[str, object], own: int, everything: int
) -> None:
    assert await total(world.client("user"), path, **query) == own
    for caller in ("app", "admin"):
        assert await total(world.client(caller), path, **query) == everything
    hidden = 1 if path.startswith("/v1/cat/search") else 0
    assert await total(world.client("guest"), path, **query) == hidden


async def test_a_count_over_all_types_leaves_them_out_too(world: World) -> None:
    seen = {
        caller: await total(world.client(caller), "/v1/search/count")
        for caller in ("app", "user", "owner", "guest")
    }
    assert seen["app"] - seen["user"] == 4 + 1  # notes of others, and the secret cat
    assert seen["app"] - seen["owner"] == 4
    assert seen["app"] - seen["guest"] == 7 + 1


async def test_a_count_of_each_type_leaves_them_out_too(world: World) -> None:
    seen = {
        caller: (await world.client(caller).get("/v1/_types", count="true")).json
        for caller in ("app", "admin", "user", "owner", "guest")
    }
    notes = {caller: counts["note"] for caller, counts in seen.items()}
    assert notes == {"app": 7, "admin": 7, "user": 3, "owner": 3, "guest": 0}
    cats = {caller: counts["cat"] for caller, counts in seen.items()}
    assert cats == {"app": 2, "admin": 2, "user": 1, "owner": 2, "guest": 1}
    assert len({counts["linker"] for counts in seen.values()}) == 1


async def test_a_count_of_each_type_fails_as_others_do(
    app: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(*_: object, **__: object) -> None:
        raise UnavailableError("no answer")

    monkeypatch.setattr(app.para.services.finder, "hits", find)
    for path in ("/v1/_types", "/v1/note/search/count"):
        assert (await app.get(path, count="true")).status == 503


async def test_a_page_counts_as_ever_and_nothing_when_nothing_is_left(world: World) -> None:
    page = (await world.client("user").get("/v1/note")).json
    assert (len(page["items"]), page["totalHits"]) == (3, 7)
    page = (await world.client("user").get("/v1/note", q="name:more")).json
    assert (page["items"], page["totalHits"]) == ([], 0)


async def test_ids_of_another_type_are_not_found_by_a_path(app: Client) -> None:
    world = await build(app.para, {"*": {"cat": ["?", "*"]}}, ["home"])
    await world.client("app").put("/v1/cat/tom", {"name": "tom"})
    for caller in ("user", "guest"):
        page = (await world.client(caller).get("/v1/cat/search/ids", ids=["n1", "tom"])).json
        assert ([item["id"] for item in page["items"]], page["totalHits"]) == (["tom"], 1)
        similar = await world.client(caller).get(
            "/v1/cat/search/similar", like="id:n1", fields="name"
        )
        assert similar.json["totalHits"] == 0
    page = (await world.client("app").get("/v1/cat/search/ids", ids=["n1", "tom"])).json
    assert page["totalHits"] == 2
