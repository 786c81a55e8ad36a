from __future__ import annotations

import io
import zipfile

import pytest

from para_server.para import Para

from ..archives import archive  # noqa: TID252 - tests have no absolute names
from .client import Client, Reply

ZIP = {"content-type": "application/zip"}


async def load(app: Client, body: bytes, **query: str) -> Reply:
    return await app.send("PUT", "/v1/_import", raw=body, headers=ZIP, query=list(query.items()))


@pytest.fixture
async def copy(para: Para, root: Client) -> Client:
    made = await root.get("/v1/_setup/copy")
    return Client(para, "app:copy", made.json["secretKey"])


async def test_what_was_exported_can_be_imported_elsewhere(app: Client, copy: Client) -> None:
    films = [{"id": f"f{n:02}", "type": "film", "timestamp": n + 1, "n": n} for n in range(70)]
    await app.post("/v1/_batch", films)
    await app.put("/v1/film/f01/links/f02")
    exported = await app.get("/v1/_export")
    loaded = await load(copy, exported.body, filename="films.zip")
    assert (loaded.status, loaded.json["count"], loaded.json["name"]) == (200, 71, "films.zip")
    assert (await copy.get("/v1/films/search/count")).json["totalHits"] == 70
    assert (await copy.get("/v1/film/f02/links/film/f01")).text == "true"
    film = (await copy.get("/v1/film/f69")).json
    assert (film["n"], film["timestamp"], film["appid"]) == (69, 70, "copy")


async def test_an_export_is_a_file_whatever_is_accepted(app: Client) -> None:
    reply = await app.send("GET", "/v1/_export", headers={"accept": "application/json"})
    assert reply.headers["content-type"] == "application/zip"
    disposition = reply.headers["content-disposition"]
    name = disposition.rpartition("=")[2]
    assert disposition == f"attachment;filename={name}"
    assert name.startswith("myapp_")
    with zipfile.ZipFile(io.BytesIO(reply.body)) as box:
        assert box.namelist() == [name.replace(".zip", "_part1.json")]


async def test_the_head_of_an_export_has_no_body(app: Client) -> None:
    reply = await app.send("HEAD", "/v1/_export")
    assert (reply.status, reply.body) == (200, b"")


async def test_an_import_is_kept_as_an_object(app: Client) -> None:
    made = (await load(app, archive([{"id": "a", "type": "film"}]))).json
    (kept,) = (await app.get("/v1/paraimport")).json["items"]
    assert kept == made
    assert (kept["name"], kept["creatorid"], kept["count"]) == ("myapp_backup.zip", "myapp", 1)


@pytest.mark.parametrize("body", [b"", b"no archive", archive(), archive([])])
async def test_an_import_of_nothing_counts_none(app: Client, body: bytes) -> None:
    reply = await load(app, body)
    assert (reply.status, reply.json["count"]) == (200, 0)
    assert (await app.get("/v1/paraimport")).json["totalHits"] == 0


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(archive({"id": "x"}), id="object"),
        pytest.param(archive([{"id": "x"}, 5]), id="number"),
        pytest.param(archive([{"id": "x"}])[:40], id="cut-off"),
    ],
)
async def test_a_broken_archive_is_400(app: Client, body: bytes) -> None:
    reply = await load(app, body)
    assert reply.status == 400
    assert reply.json["message"].startswith("Import failed - ")
    assert (await app.get("/v1/_id/x")).status == 404


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
async def test_an_import_of_another_content_type_is_415(app: Client, kind: str) -> None:
    body = archive([{"id": "x"}])
    reply = await app.send("PUT", "/v1/_import", raw=body, headers={"content-type": kind})
    assert reply.json == {"code": 415, "message": "Unsupported Media Type"}


async def test_options_are_listed_for_everybody(nobody: Client) -> None:
    reply = await nobody.get("/v1/_config/options")
    assert reply.headers["content-type"] == "application/json"
    assert reply.json["Core"]["para.port"]["defaultValue"] == "8080"
    assert (await nobody.get("/v1/_config/options", format="xml")).body == b""


EVERY = {"parentid": None, "creatorid": None, "updated": None, "tags": None, "votes": 0}
FLAGS = {"version": 0, "stored": True, "indexed": True, "cached": True, "appid": "library"}
DERIVED = {"objectURI": "/x/y", "plural": "xs"}
OF_THE_ORIGINAL = [
    {
        **EVERY,
        **FLAGS,
        **DERIVED,
        "id": "u1",
        "type": "user",
        "identifier": "ada@library.test",
        "email": "ada@library.test",
        "groups": "users",
        "active": True,
        "password": None,
        "currency": None,
        "tokenSecret": "secret-of-ada",
        "identityProvider": "generic",
        "facebookUser": False,
        "idpAccessTokenPayload": None,
    },
    {
        **EVERY,
        **FLAGS,
        **DERIVED,
        "id": "book1",
        "type": "book",
        "name": "Book",
        "timestamp": 7,
        "properties": {"pages": 101, "author": {"first": "Ann"}},
    },
    {
        **EVERY,
        **FLAGS,
        **DERIVED,
        "id": "vote:u1:book1",
        "type": "vote",
        "creatorid": "u1",
        "parentid": "book1",
        "value": "up",
        "expiresAfter": 100,
        "lockedAfter": 5,
        "upvote": True,
        "downvote": False,
        "expired": False,
        "amendable": True,
        "tags": [],
    },
]


async def test_an_archive_in_the_form_of_the_original_can_be_imported(app: Client) -> None:
    assert (await load(app, archive(OF_THE_ORIGINAL, []))).json["count"] == 3
    book = (await app.get("/v1/book/book1")).json
    assert (book["pages"], book["author"], book["objectURI"]) == (
        101,
        {"first": "Ann"},
        "/books/book1",
    )
    assert not {"properties", "creatorid", "tags", "updated"} & book.keys()
    user = (await app.get("/v1/user/u1")).json
    assert (user["email"], user["active"]) == ("ada@library.test", True)
    assert not {"tokenSecret", "password", "facebookUser"} & user.keys()
    vote = (await app.get("/v1/_id/vote:u1:book1")).json
    assert (vote["expiresAfter"], vote["value"], vote["votes"]) == (100, "up", 0)


async def test_a_public_path_tells_everybody_which_methods_it_has(nobody: Client) -> None:
    reply = await nobody.post("/v1/_config/options", {})
    assert (reply.status, reply.headers["allow"]) == (405, "DELETE, GET, PATCH, PUT")
