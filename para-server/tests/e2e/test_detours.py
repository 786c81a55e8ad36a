"""No way around permissions: paths of other types, odd names of types, ids that are taken."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import msgspec
import pytest

from para_server.para import Para

from .access_world import World, build, shows
from .client import Client

EVERYBODY: dict[str, Any] = {
    "*": {"post": ["*"], "posts": ["*"], "_batch": ["*"], "vote": ["*"], "votes": ["*"]}
}
GENERIC: dict[str, Any] = {"*": {"sysprop": ["*"], "sysprops": ["*"], "_batch": ["*"]}}


@pytest.fixture
def backend_name() -> str:
    return "memory"


@pytest.fixture
async def world(para: Para) -> World:
    world = await build(para, EVERYBODY)
    app = world.client("app")
    await app.put("/v1/posts/p1", {"name": "A post"})
    await app.put("/v1/sysprop/owner@example.com", {"name": "identifier", "password": "a hash"})
    await app.put("/v1/webhooks/w1", {"targetUrl": "http://localhost/"})
    return world


TARGETS = ["app:home", "owner", "owner@example.com", "n1", "w1"]


@pytest.mark.parametrize("key", TARGETS)
async def test_a_path_of_another_type_opens_nothing_to_users(world: World, key: str) -> None:
    user, app = world.client("user"), world.client("app")
    path = f"/v1/posts/{key}"
    before = (await app.get(f"/v1/_id/{key}")).json
    assert (await user.get(path)).status == 404
    assert (await user.patch(path, {"name": "Mine", "resourcePermissions": {}})).status == 400
    assert (await user.patch(path, {"_voteup": "somebody"})).status in (400, 404)
    assert (await user.delete(path)).status == 400
    if key != "app:home":  # there it would be an object of that id in the table of the app
        assert (await user.put(path, {"name": "Mine"})).status == 400
        assert (await user.post("/v1/posts", {"id": key, "name": "Mine"})).status == 400
        made = await user.post("/v1/_batch", [{"type": "post", "id": key, "name": "Mine"}])
        assert made.json == []
    assert (await app.get(f"/v1/_id/{key}")).json == before


async def test_a_path_of_another_type_opens_what_its_own_opens(world: World) -> None:
    user = world.client("user")
    made = await user.post("/v1/votes", {"parentid": "p1", "value": "up"})
    path = f"/v1/posts/{made.json['id']}"
    assert (await user.get(path)).json["type"] == "vote"
    assert (await user.delete(path)).status == 200


@pytest.mark.parametrize("key", TARGETS)
async def test_a_link_leads_nobody_to_what_it_may_not_read(world: World, key: str) -> None:
    user, app = world.client("user"), world.client("app")
    before = (await app.get("/v1/linkers")).json["items"]
    for method in ("POST", "PUT"):
        reply = await user.send(method, f"/v1/posts/p1/links/{key}")
        assert (reply.status, reply.json["message"]) == (400, "Failed to create link.")
    assert (await app.get("/v1/linkers")).json["items"] == before


async def test_one_post_leads_to_no_other_by_a_link(para: Para) -> None:
    world = await build(para, {"*": {"posts/p1": ["*"]}})
    user, app = world.client("user"), world.client("app")
    for key in ("p1", "p2"):
        await app.put(f"/v1/posts/{key}", {"name": "A post"})
    assert (await user.post("/v1/posts/p1/links/p2")).status == 400
    await app.put("/v1/_permissions/*/cG9zdHMvcDI", ["GET"])
    assert (await user.post("/v1/posts/p1/links/p2")).text == "posts:p1:posts:p2"


async def test_children_are_deleted_where_their_own_paths_allow_it(world: World) -> None:
    user, app = world.client("user"), world.client("app")
    await app.put("/v1/notes/n2", {"parentid": "p1"})
    await app.put("/v1/posts/p2", {"parentid": "p1"})
    for kind in ("notes", "posts", "users"):
        reply = await user.delete(f"/v1/posts/p1/links/{kind}", childrenonly="true")
        assert reply.status == 200
    assert (await app.get("/v1/_id/n2")).status == 200
    assert (await app.get("/v1/_id/p2")).status == 404


@pytest.mark.parametrize("caller", ["user", "app"])
async def test_an_object_that_has_the_id_of_a_link_is_none(world: World, caller: str) -> None:
    client, app = world.client(caller), world.client("app")
    key = "posts:p1:posts:p2"
    await app.put("/v1/posts/p2", {"name": "Another"})
    await app.put(f"/v1/things/{key}", {"name": "Not a link"})
    assert (await client.get("/v1/posts/p1/links/posts/p2")).text == "false"
    assert (await client.post("/v1/posts/p1/links/p2")).status == 400
    assert (await client.delete("/v1/posts/p1/links/posts/p2")).status == 200
    assert (await app.get(f"/v1/_id/{key}")).json["name"] == "Not a link"


@pytest.mark.parametrize("caller", ["app", "admin"])
async def test_apps_and_administrators_take_any_path(world: World, caller: str) -> None:
    client = world.client(caller)
    assert (await client.get("/v1/posts/n1")).status == 200
    assert (await client.patch("/v1/posts/n1", {"name": "Changed"})).json["type"] == "note"
    assert (await client.delete("/v1/posts/n1")).status == 200


async def test_users_change_no_identifiers_even_where_they_write_generic_objects(
    para: Para,
) -> None:
    world = await build(para, GENERIC)
    user, app = world.client("user"), world.client("app")
    key, new = "owner@example.com", "chief@example.com"
    identifier = {"name": "identifier", "creatorid": "owner", "password": "a hash"}
    await app.put(f"/v1/sysprop/{key}", identifier)
    before = (await app.get(f"/v1/_id/{key}")).json
    mine = {"type": "sysprop", "name": "identifier", "password": "my hash"}
    for one in (key, new):
        assert (await user.put(f"/v1/sysprop/{one}", mine)).status == 400
        assert (await user.post("/v1/sysprop", {**mine, "id": one})).status == 400
        assert (await user.post("/v1/_batch", [{**mine, "id": one}])).json == []
    assert (await user.patch(f"/v1/sysprop/{key}", {"password": "my hash"})).status == 400
    assert (await user.patch("/v1/_batch", [{"id": key, "votes": -100}])).json == []
    for client in (user, world.client("admin")):
        for vote in ("_voteup", "_votedown"):  # the votes are the failed tries to sign in
            assert (await client.patch(f"/v1/sysprop/{key}", {vote: "somebody"})).status == 400
    assert (await user.delete(f"/v1/sysprop/{key}")).status == 400
    assert (await user.delete("/v1/_batch", ids=key)).status == 200
    assert (await app.get(f"/v1/_id/{key}")).json == before
    assert (await app.get(f"/v1/_id/{new}")).status == 404
    assert (await user.put("/v1/sysprop/s1", {"name": "Generic"})).status == 200


@pytest.mark.parametrize("kind", ["_user", "us#er", "/user", "__us/er#"])
async def test_what_is_cleaned_to_a_user_has_the_rules_of_users(world: World, kind: str) -> None:
    user = world.client("user")
    body = {"identifier": "x@example.com", "email": "x@example.com", "groups": "admins"}
    made = await user.post("/v1/_batch", [{**body, "type": kind, "id": "x1", "name": "X"}])
    assert [(one["type"], one["groups"]) for one in made.json] == [("user", "users")]
    assert (await user.post("/v1/_batch", [{"type": kind, "id": "x2", "name": "X"}])).json == []


@pytest.mark.parametrize("kind", ["_app", "a#pp", "app/"])
@pytest.mark.parametrize("caller", ["root", "app", "user"])
async def test_what_is_cleaned_to_an_app_makes_none(world: World, kind: str, caller: str) -> None:
    client = world.client(caller)
    made = await client.post("/v1/_batch", [{"type": kind, "id": "app:evil", "name": "Evil"}])
    assert made.json == []
    assert (await client.get("/v1/_id/app:evil")).status in (403, 404)


async def test_a_vote_is_named_after_who_made_it(world: World) -> None:
    body = {"creatorid": "owner", "parentid": "p1", "value": "up"}
    made = await world.client("user").post("/v1/votes", body)
    assert (made.json["id"], made.json["creatorid"]) == ("vote:user:p1", "user")


async def test_own_holds_whatever_the_type_is_cleaned_to(para: Para) -> None:
    world = await build(para, {"*": {"note": ["OWN", "*"], "_batch": ["*"]}})
    user = world.client("user")
    made = await user.post("/v1/_batch", [{"type": "no#te", "id": "n9", "name": "Mine"}])
    assert [one["id"] for one in made.json] == ["user_n9"]


async def test_own_holds_for_objects_that_no_database_has(para: Para) -> None:
    world = await build(para, {"*": {"note": ["OWN", "*"], "_batch": ["*"]}})
    owner, user, app = (world.client(name) for name in ("owner", "user", "app"))
    made = await owner.post("/v1/notes", {"name": "fleeting", "stored": False})
    key = made.json["id"]
    path = f"/v1/notes/{key}"
    assert (await user.get(path)).status == 404
    assert (await user.delete(path)).status == 400
    assert (await user.delete("/v1/_batch", ids=key)).status == 200
    assert (await app.get(path)).json == made.json
    assert (await owner.delete(path)).status == 200
    assert (await app.get(path)).status == 404


async def test_copies_in_links_are_left_out_of_an_export_as_everywhere(para: Para) -> None:
    everything = ["*", "OWN"]
    granted = {"notes": everything, "_export": ["GET"], "linkers": ["GET"]}
    world = await build(para, {"*": granted})
    for caller in ("user", "stranger", "app"):
        reply = await world.client(caller).get("/v1/_export")
        assert shows(reply) is (caller == "app")
    (linker,) = (await world.client("user").get("/v1/linkers")).json["items"]
    with zipfile.ZipFile(io.BytesIO((await world.client("user").get("/v1/_export")).body)) as box:
        exported = [obj for name in box.namelist() for obj in msgspec.json.decode(box.read(name))]
    (copy,) = [obj["nstd"] for obj in exported if obj["type"] == "linker"]
    assert copy == linker["nstd"]
    assert [one["id"] for one in copy] == ["tag:t1"]


async def test_guests_are_held_to_the_path_as_well(para: Para) -> None:
    world = await build(para, {"*": {"post": ["?", "*"], "posts": ["?", "*"]}})
    guest: Client = world.client("guest")
    assert (await guest.put("/v1/posts/p2", {"name": "A post"})).status == 200
    for key in ("app:home", "owner", "n1"):
        assert (await guest.get(f"/v1/posts/{key}")).status == 404
        assert (await guest.delete(f"/v1/posts/{key}")).status == 400
