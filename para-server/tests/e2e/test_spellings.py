"""However a path is written, what is decided about is what it leads to."""

from __future__ import annotations

import pytest

from .access_world import build
from .client import Client


@pytest.fixture
def backend_name() -> str:
    return "memory"


SPELLINGS = [
    "note/n1;x",
    "note;x=1/n1",
    "note;/n1;",
    "n%6Fte/n1",
    "note/%6E1",
    "note/n1/",
    "note/n1;/",
]


@pytest.mark.parametrize("path", SPELLINGS)
@pytest.mark.parametrize("caller", ["user", "guest"])
async def test_no_way_to_write_a_path_leads_around_a_denial(
    app: Client, caller: str, path: str
) -> None:
    granted = {"*": {"*": ["?", "*"], "note": ["?", "*"], "note/n1": ["-"]}}
    world = await build(app.para, granted, ["home"])
    for method in ("GET", "DELETE"):
        reply = await world.client(caller).send(method, f"/v1/{path}")
        assert reply.status == 403, (method, reply)
    assert (await world.client("app").send("GET", f"/v1/{path}")).status == 200


@pytest.mark.parametrize("name", ["_settings", "_export", "_permissions", "_constraints"])
@pytest.mark.parametrize("tail", [";x", "%3B", ";/", "/;x", ";/word", ""])
async def test_no_way_to_write_a_path_opens_what_manages_the_app(
    app: Client, name: str, tail: str
) -> None:
    world = await build(app.para, {"*": {"*": ["?", "*"]}}, ["home"])
    for caller in ("user", "guest"):
        for written in (name, name.replace("_", "%5F"), name.replace("t", "%74")):
            reply = await world.client(caller).get(f"/v1/{written}{tail}")
            assert b"sesame" not in reply.body, (caller, written)
            assert reply.status in (403, 404) or reply.json["items"] == [], (caller, reply)
