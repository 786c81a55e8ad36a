"""The flags of an object say who has it: the database, the index, the cache."""

from __future__ import annotations

import pytest

from para_server.config import ApiSettings

from .client import ROOT_SECRET, Client

# stored, indexed, cached; whether it is read with a cache, without one; whether searches find it
ROWS = [
    (True, True, True, 200, 200, 1),
    (True, True, False, 200, 200, 1),
    (True, False, True, 200, 200, 0),
    (True, False, False, 200, 200, 0),
    (False, True, True, 200, 404, 1),
    (False, True, False, 404, 404, 1),
    (False, False, True, 200, 404, 0),
    (False, False, False, 404, 404, 0),
]


@pytest.fixture(params=[True, False], ids=["cache", "no cache"])
def settings(request: pytest.FixtureRequest) -> ApiSettings:
    return ApiSettings(root_secret_override=ROOT_SECRET, cache_enabled=request.param)


async def test_each_part_has_what_the_flags_say(app: Client, settings: ApiSettings) -> None:
    items = [
        {"id": f"t{number}", "stored": row[0], "indexed": row[1], "cached": row[2], "n": number}
        for number, row in enumerate(ROWS)
    ]
    first, *others = items
    assert (await app.post("/v1/thing", first)).status == 201
    made = await app.post("/v1/_batch", [{"type": "thing", **item} for item in others])
    assert [item["id"] for item in made.json] == [item["id"] for item in others]
    for item, row in zip(items, ROWS, strict=True):
        key = item["id"]
        status = row[3] if settings.cache_enabled else row[4]
        assert (await app.get(f"/v1/thing/{key}")).status == status, item
        found = await app.get("/v1/thing", q=f"id:{key}")
        assert found.json["totalHits"] == row[5], item
        assert [one["n"] for one in found.json["items"]] == [item["n"]] * row[5]
    keys = [item["id"] for item in items]
    assert (await app.delete("/v1/_batch", ids=keys)).status == 200
    for item in items:
        assert (await app.get(f"/v1/thing/{item['id']}")).status == 404, item
    assert (await app.get("/v1/thing")).json["totalHits"] == 0
