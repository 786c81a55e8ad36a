"""How large things may be: objects that grow, the app with all that it holds."""

from __future__ import annotations

import pytest

from para_server.config import ApiSettings

from .client import ROOT_SECRET, Client

LIMIT = 16_384  # bytes
ROOM = 4096  # bytes besides, for what the server adds
HALF = "x" * (LIMIT // 2)


@pytest.fixture
def settings() -> ApiSettings:
    return ApiSettings(
        root_secret_override=ROOT_SECRET, cache_enabled=True, max_entity_size_bytes=LIMIT
    )


@pytest.fixture
def backend_name() -> str:
    return "memory"


GROWING: dict[str, tuple[str, list[dict[str, object]]]] = {
    "cat": ("/v1/cat/c1", [{"a": HALF}, {"b": HALF}, {"c": HALF[:ROOM]}]),
    "app": (
        "/v1/apps/myapp",
        [
            {"settings": {"a": HALF}},
            {"resourcePermissions": {"*": {HALF: ["GET"]}}},
            {"validationConstraints": {"cat": {HALF[:ROOM]: {"required": {}}}}},
        ],
    ),
}


@pytest.mark.parametrize("kind", GROWING)
async def test_no_change_makes_an_object_larger_than_one_may_be(app: Client, kind: str) -> None:
    path, changes = GROWING[kind]
    await app.put("/v1/cat/c1", {"name": "Tom"})
    *good, bad = changes
    assert [(await app.patch(path, change)).status for change in good] == [200, 200]
    before = (await app.get(path)).body
    reply = await app.patch(path, bad)
    assert reply.status == 400
    assert reply.json["message"] == f"The {kind} would be too large - the maximum is 16 KB."
    assert (await app.get(path)).body == before
    assert (await app.patch(path, {"name": "small"})).status == 200


async def test_in_a_batch_what_would_grow_too_large_is_left_out(app: Client) -> None:
    for key in "ab":
        await app.put(f"/v1/cats/{key}", {"one": HALF if key == "a" else "", "two": HALF[:ROOM]})
    sent = [{"id": key, "three": HALF[:-200]} for key in "ab"]
    assert [cat["id"] for cat in (await app.patch("/v1/_batch", sent)).json] == ["b"]
    assert "three" not in (await app.get("/v1/cats/a")).json


async def test_settings_permissions_and_constraints_have_one_bound_together(app: Client) -> None:
    async def put(n: int) -> list[int]:
        text = f"{n}{HALF[:3000]}"
        return [
            (await app.put(f"/v1/_settings/key{n}", {"value": text})).status,
            (await app.put(f"/v1/_permissions/*/{text}", ["GET"])).status,
            (await app.put(f"/v1/_constraints/cat/{text}/required", {})).status,
        ]

    assert await put(1) == await put(2) == [200, 200, 200]
    assert await put(3) == [400, 400, 400]
    refused = await app.put("/v1/_settings/more", {"value": HALF})
    assert refused.json["message"] == "The app would be too large - the maximum is 16 KB."
    assert (await app.get("/v1/_settings/more")).json == {"value": None}
    assert (await app.post("/v1/_newkeys")).status == 200


async def test_a_full_app_stores_objects_of_types_that_it_cannot_remember(app: Client) -> None:
    kind = "t" * 250
    await app.put("/v1/_settings/half", {"value": HALF})
    for size in range(LIMIT, 0, -100):
        if (await app.put("/v1/_settings/rest", {"value": "x" * size})).status == 200:
            break
    assert (await app.post(f"/v1/{kind}", {"id": "t1"})).status == 201
    assert kind not in (await app.get("/v1/_types")).json.values()
    assert (await app.get(f"/v1/{kind}")).json["totalHits"] == 1
