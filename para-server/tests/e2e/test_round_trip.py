"""What was exported here or by the original is the same after an import into an empty server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from para_server.config import ApiSettings
from para_server.para import Para

from .backends import MEMORY, SQLITE, backends
from .client import ROOT_SECRET, Client

ZIP = {"content-type": "application/zip"}
ORIGINAL = Path(__file__).parent / "data" / "export-of-the-original-1.54.zip"
COUNTS = {
    "sysprop": 2,
    "linker": 3,
    "note": 1,
    "address": 1,
    "webhook": 1,
    "book": 70,
    "shelf": 5,
    "file": 1,
    "form": 0,
    "translation": 1,
    "tag": 2,
    "vote": 3,
    "user": 2,
}


@pytest.fixture
def backend_name(request: pytest.FixtureRequest) -> str:
    """The empty server is of another kind."""
    del request
    return SQLITE


@pytest.fixture
async def empty(settings: ApiSettings) -> AsyncIterator[Client]:
    """The app of the same name on another server."""
    with TemporaryDirectory() as folder:
        async with backends(MEMORY, Path(folder)) as made, Para(settings, made) as para:
            app = await Client(para, "app:para", ROOT_SECRET).get("/v1/_setup/myapp")
            yield Client(para, "app:myapp", app.json["secretKey"])


THINGS: list[dict[str, Any]] = [
    {"id": "plain", "type": "film", "name": "Plain"},
    {"id": "whole", "type": "film", "big": 2**62, "half": 1.5, "tiny": 1e-300, "minus": -0.0},
    {"id": "texts", "type": "film", "a": "", "b": "žluť\n\u2028\u0000", "c": "🐈" * 300},
    {"id": "deep", "type": "film", "a": {"b": [1, None, {"c": {}, "d": []}], "e": {"f": True}}},
    {"id": "named", "type": "film", "properties": {"x": 1}, "y": 2},
    {"id": "slashes/and spaces", "type": "film", "tags": ["one", "two"]},
    {"id": "hidden", "type": "film", "indexed": False, "cached": False},
    {"id": "old", "type": "film", "timestamp": 1, "updated": 2, "version": 5, "votes": 7},
    {"id": "place", "type": "address", "latlng": "42.5,23.2", "address": "1 St", "country": "BG"},
    {"id": "word", "type": "translation", "locale": "bg", "thekey": "k", "value": "v"},
]


async def test_objects_are_equal_byte_for_byte(app: Client, empty: Client) -> None:
    assert len((await app.post("/v1/_batch", THINGS)).json) == len(THINGS)
    await app.post("/v1/tags", {"tag": "one"})
    await app.post("/v1/webhooks", {"id": "hook", "targetUrl": "https://x.org", "create": True})
    await app.post("/v1/users", {"id": "ann", "identifier": "ann@x.org", "name": "Ann"})
    await app.patch("/v1/film/plain", {"_voteup": "ann"})
    await app.put("/v1/film/plain/links/deep")
    exported = await app.get("/v1/_export")
    loaded = await empty.send("PUT", "/v1/_import", raw=exported.body, headers=ZIP)
    assert "skipped" not in loaded.json
    keys = [record.id for record in await app.para.services.store.dao.read_page("myapp")]
    assert len(keys) == loaded.json["count"]
    for key in keys:
        one, other = [
            await client.send("GET", "/v1/_id/" + _quoted(key)) for client in (app, empty)
        ]
        assert one.status == 200
        assert one.body == other.body
    again = await empty.get("/v1/_export")
    assert again.status == 200


async def test_records_are_equal_byte_for_byte(app: Client, empty: Client) -> None:
    many = [{**thing, "id": f"{thing['id']} {n}"} for n in range(60) for thing in THINGS]
    for start in range(0, len(many), 100):
        await app.post("/v1/_batch", many[start : start + 100])
    exported = await app.get("/v1/_export")
    await empty.send("PUT", "/v1/_import", raw=exported.body, headers=ZIP)
    daos = [client.para.services.store.dao for client in (app, empty)]
    before, after = [
        {r.id: r.data for r in await dao.read_page("myapp", limit=10_000)} for dao in daos
    ]
    imports = after.keys() - before.keys()
    assert [key for key in imports if b'"paraimport"' not in after[key]] == []
    assert {key: after[key] for key in before} == before
    assert len(before) == len(many)


async def test_an_archive_of_the_original_can_be_imported(app: Client) -> None:
    reply = await app.send("PUT", "/v1/_import", raw=ORIGINAL.read_bytes(), headers=ZIP)
    assert "skipped" not in reply.json
    for kind, count in COUNTS.items():
        assert (await app.get(f"/v1/{kind}/search/count")).json["totalHits"] == count, kind
    book = (await app.get("/v1/book/book1")).json
    assert (book["name"], book["timestamp"]) == ("Book 1 «Ünïcode» книга", 1_795_572_389_551)
    assert (book["price"], book["languages"], book["votes"]) == (1.5, ["en", "bg"], 2)
    assert book["author"] == {"first": "Ann", "last": "Writer", "born": 1951}
    assert (await app.get("/v1/book/book1/links/shelf", count="true")).json["totalHits"] == 1


@pytest.mark.parametrize(
    ("email", "word"),
    [("ada@library.test", "correct-horse-1"), ("bob@library.test", "battery-staple-2")],
)
async def test_people_of_the_original_sign_in_as_before(
    app: Client, nobody: Client, email: str, word: str
) -> None:
    await app.send("PUT", "/v1/_import", raw=ORIGINAL.read_bytes(), headers=ZIP)
    body = {"appid": "app:myapp", "provider": "password", "token": f"{email}::{word}"}
    reply = await nobody.post("/jwt_auth", body)
    assert (reply.status, reply.json["user"]["email"]) == (200, email)
    body["token"] = f"{email}::another word"
    assert (await nobody.post("/jwt_auth", body)).status != 200


def _quoted(key: str) -> str:
    from urllib.parse import quote

    return quote(key, safe="")
