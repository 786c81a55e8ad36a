"""Every route, asked by every kind of caller, has its answer in ``access_matrix.txt``.

The table is asked three times: where nothing is granted to anybody; where everything that can be
granted is granted to everybody, guests included, with ``OWN`` on notes; and where cats are granted
to everybody and nothing else. A cell is the status;
``+`` says that the answer tells what only the app and those it trusts may know, and ``!`` that
something of that app changed. See ``access_world`` for the callers.

A route without a row fails: run this module with PARA_TEST_WRITE_MATRIX=1 in the environment to
write the table anew, and read what changed in it before you commit it.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from para_server.config import ApiSettings
from para_server.http.router import Route
from para_server.para import Para
from para_server.rest.routes import ROUTES

from .access_world import CALLERS, WORD, World, build, fingerprint, home_of, shows
from .backends import MEMORY, backends
from .client import ROOT_SECRET, Reply, coded

TABLE = Path(__file__).with_name("access_matrix.txt")
WRITES_TABLE = os.environ.get("PARA_TEST_WRITE_MATRIX") == "1"

GRANTED = {
    "nothing": {},
    "everything": {
        "*": {
            "*": ["?", "*"],
            "note": ["?", "OWN", "*"],
            # what manages the app has to be named
            **{
                name: ["?", "*"]
                for name in ("_constraints", "_export", "_import", "_permissions", "_reindex")
            },
            "_settings": ["?", "*"],
            "_newkeys": ["?", "*"],
            "_webhooks": ["?", "*"],
            "_queue": ["?", "*"],
        },
    },
    "cats": {"*": {"cat": ["?", "*"]}},
}
SIGN_IN = [("GET", "/jwt_auth"), ("POST", "/jwt_auth"), ("DELETE", "/jwt_auth")]
NOTES = coded("note/n1")


@dataclass
class Example:
    """A request to a route: what its variables are, and what is sent."""

    values: dict[str, str] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    body: Any = None
    raw: bytes | None = None


USUAL = {
    "type": "note",
    "id": "n1",
    "type2": "tag",
    "id2": "tag:t1",
    "subject": "owner",
    "resource": NOTES,
    "key": "word",
    "field": "name",
    "name": "email",
    "querytype": "tagged",
    "appid": "home",
    "formid": "f1",
    "method": "GET",
    "delivery": "d1",
}
NEW = {"name": "new"}
EXAMPLES = {
    "POST /v1/{type}": Example(body=NEW),
    "PATCH /v1/{type}/{id}": Example(body=NEW),
    "PUT /v1/{type}/{id}": Example(body=NEW),
    "POST /v1/_batch": Example(body=[{"id": "n1", "type": "note", "name": "new"}]),
    "PUT /v1/_batch": Example(body=[{"id": "n1", "type": "note", "name": "new"}]),
    "PATCH /v1/_batch": Example(body=[{"id": "n1", "name": "new"}]),
    "GET /v1/_batch": Example(query=[("ids", "n1")]),
    "DELETE /v1/_batch": Example(query=[("ids", "n1")]),
    "GET /v1/{type}/search": Example(query=[("q", WORD)]),
    "GET /v1/{type}/search/{querytype}": Example({"querytype": "ids"}, [("ids", "n1")]),
    "GET /v1/search": Example(query=[("q", "*")]),
    "GET /v1/search/{querytype}": Example({"querytype": "ids"}, [("ids", "n1")]),
    "GET /v1/{type}/{id}/links/{type2}": Example(
        {"id": "n0", "type2": "note"}, [("childrenonly", "true")]
    ),
    "POST /v1/{type}/{id}/links/{id2}": Example({"id2": "tag:t2"}),
    "PUT /v1/{type}/{id}/links/{id2}": Example({"id2": "tag:t2"}),
    "DELETE /v1/{type}/{id}/links/{type2}": Example(query=[("all", "true")]),
    "PUT /v1/_constraints/{type}/{field}/{name}": Example(body={}),
    "GET /v1/_permissions/{subject}": Example({"subject": "somebody"}),
    "GET /v1/_permissions/{subject}#own": Example(),
    "PUT /v1/_permissions/{subject}/{resource}": Example(body=["GET"]),
    "DELETE /v1/_permissions/{subject}/{resource}": Example(
        {"subject": "somebody", "resource": base64.b64encode(WORD.encode()).decode()}
    ),
    "DELETE /v1/_permissions/{subject}": Example({"subject": "somebody"}),
    "GET /v1/_permissions/{subject}/{resource}/{method}#explained": Example(
        query=[("explain", "true")]
    ),
    "PUT /v1/_settings": Example(body={"other": "value"}),
    "PUT /v1/_settings/{key}": Example(body={"value": "other"}),
    "PUT /v1/_import": Example(raw=b"no archive"),
    "POST /v1/_emails": Example(
        body={"name": "new", "message": "new", "toEmails": ["somebody@example.com"]}
    ),
    "GET /v1/utils/{method}": Example({"method": "newid"}),
    "GET /v1/utils": Example(query=[("method", "newid")]),
    "POST /jwt_auth": Example(
        body={"appid": "app:home", "provider": "password", "token": "owner@example.com::wrong-one"}
    ),
    # objects that are special
    "GET /v1/{type}/{id}#app": Example({"type": "app", "id": "{home}"}),
    "PATCH /v1/{type}/{id}#app": Example({"type": "app", "id": "{home}"}, body=NEW),
    "DELETE /v1/{type}/{id}#app": Example({"type": "app", "id": "{home}"}),
    "GET /v1/{type}/{id}#profile": Example({"type": "users", "id": "owner"}),
    "PATCH /v1/{type}/{id}#profile": Example({"type": "users", "id": "owner"}, body=NEW),
    "DELETE /v1/{type}/{id}#profile": Example({"type": "users", "id": "owner"}),
    # paths of another type than the object has
    **{
        name.replace("#", "#as-a-cat"): Example({"type": "cat", "id2": "tag:t2"}, body=body)
        for name, body in (
            ("GET /v1/{type}/{id}#", None),
            ("PATCH /v1/{type}/{id}#", NEW),
            ("PUT /v1/{type}/{id}#", NEW),
            ("DELETE /v1/{type}/{id}#", None),
            ("POST /v1/{type}/{id}/links/{id2}#", None),
            ("DELETE /v1/{type}/{id}/links#", None),
        )
    },
    "POST /v1/{type}#as-a-cat": Example({"type": "cat"}, body={"id": "n1", "name": "new"}),
    "GET /v1/{type}#cats": Example({"type": "cat"}),
    "GET /v1/{type}/search/{querytype}#as-a-cat": Example(
        {"type": "cat", "querytype": "ids"}, [("ids", "n1")]
    ),
    "PATCH /v1/{type}/{id}#vote": Example(body={"_voteup": "voter"}),
    "PATCH /v1/{type}/{id}#vote-as-a-cat": Example({"type": "cat"}, body={"_voteup": "voter"}),
}
VARIANTS = [name for name in EXAMPLES if "#" in name]


@pytest.fixture
def backend_name() -> str:
    return MEMORY


def names_of(routes: list[Route]) -> list[str]:
    listed = [f"{route.method} {route.path}" for route in routes]
    listed += [f"{method} {path}" for method, path in SIGN_IN]
    return [one for name in listed for one in (name, *(v for v in VARIANTS if _is_of(v, name)))]


def _is_of(variant: str, name: str) -> bool:
    return variant.partition("#")[0] == name


def read_table() -> dict[str, dict[str, list[str]]]:
    """Return the cells by what is granted and by route."""
    tables: dict[str, dict[str, list[str]]] = {}
    rows: dict[str, list[str]] = {}
    for line in TABLE.read_text().splitlines():
        if line.startswith("= "):
            rows = tables.setdefault(line.removeprefix("= "), {})
        elif line.strip() and not line.startswith("#"):
            *cells, method, path = line.split()
            rows[f"{method} {path}"] = cells
    return tables


def test_every_route_has_a_row() -> None:
    tables = read_table()
    assert list(tables) == list(GRANTED)
    for rows in tables.values():
        assert list(rows) == names_of(ROUTES)
        assert all(len(cells) == len(CALLERS) for cells in rows.values())


@pytest.mark.parametrize("granted", GRANTED)
async def test_every_caller_is_answered_as_the_table_says(granted: str) -> None:
    expected = {} if WRITES_TABLE else read_table()[granted]
    found = {name: await cells_of(name, granted) for name in names_of(ROUTES)}
    if WRITES_TABLE:
        write_table(granted, found)
        return
    wrong = [
        f"{name} by {caller}: {now}, not {then}"
        for name, cells in found.items()
        for caller, now, then in zip(CALLERS, cells, expected[name], strict=True)
        if now != then
    ]
    assert wrong == []


async def cells_of(name: str, granted: str) -> list[str]:
    """Ask a route as every caller; each finds the world as it was."""
    cells = []
    async with backends(MEMORY, Path()) as made:
        settings = ApiSettings(root_secret_override=ROOT_SECRET, cache_enabled=True)
        async with Para(settings, made) as para:
            for caller in CALLERS:
                world = await build(para, GRANTED[granted], (home_of(caller), "other"))
                cells.append(await cell_of(world, name, caller))
                for app in world.apps.values():
                    await para.services.apps.delete(app)
    return cells


async def cell_of(world: World, name: str, caller: str) -> str:
    home = world.home_of(caller).identifier
    before = await fingerprint(world.para, home)
    reply = await ask(world, name, caller)
    after = await fingerprint(world.para, home)
    return f"{reply.status}{'+' * shows(reply)}{'!' * (after != before)}"


async def ask(world: World, name: str, caller: str) -> Reply:
    method, _, template = name.partition("#")[0].partition(" ")
    example = EXAMPLES.get(name, Example())
    home = world.home_of(caller).id
    path = template.format(**{**USUAL, **example.values}).format(home=home)
    body = example.body
    if template == "/jwt_auth" and body:
        body = {**body, "appid": home}
    return await world.client(caller).send(
        method, path, body, raw=example.raw, query=example.query, headers=_headers(template)
    )


def _headers(template: str) -> dict[str, str]:
    return {"content-type": "application/zip"} if template == "/v1/_import" else {}


# ---- writing the table ---------------------------------------------------------------------------


def write_table(granted: str, found: dict[str, list[str]]) -> None:
    tables = read_table() if TABLE.exists() else {}
    tables[granted] = found
    lines = ["# Statuses by caller; + tells what is to be kept, ! changes something of the app."]
    for title in GRANTED:
        rows = tables.get(title, {})
        widths = [max(len(caller.replace(" ", "-")), 5) + 1 for caller in CALLERS]
        lines += ["", f"= {title}", "# " + _row([c.replace(" ", "-") for c in CALLERS], widths)]
        lines += ["  " + _row(cells, widths) + name for name, cells in rows.items()]
    TABLE.write_text("\n".join(lines) + "\n")


def _row(cells: list[str], widths: list[int]) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
