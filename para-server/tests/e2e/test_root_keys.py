"""The keys of the root app are handed out once, and not to just anybody."""

from __future__ import annotations

import pytest

from para_server.config import ApiSettings
from para_server.para import Para

from .client import Client

ELSEWHERE = {"x-forwarded-for": "203.0.113.7"}  # behind a proxy, the other end is always near


@pytest.fixture
def backend_name() -> str:
    return "memory"


@pytest.fixture
def settings() -> ApiSettings:
    return ApiSettings()


async def secret_of_root(para: Para) -> str:
    app = await para.services.apps.find("para")
    assert app is not None
    return app.secret or ""


async def test_the_first_caller_gets_the_keys(para: Para, nobody: Client) -> None:
    first = await nobody.send("GET", "/v1/_setup", headers=ELSEWHERE)
    assert first.json["accessKey"] == "app:para"
    assert first.json["secretKey"] == await secret_of_root(para)
    assert (await nobody.get("/v1/_setup")).json == {"code": 200, "message": "All set!"}


async def test_keys_that_are_in_use_are_told_on_this_machine_only(
    para: Para, nobody: Client
) -> None:
    root = Client(para, "app:para", await secret_of_root(para))
    assert (await root.get("/v1/_me")).status == 200
    for header in ("x-forwarded-for", "forwarded", "via", "x-real-ip"):
        refused = await nobody.send("GET", "/v1/_setup", headers={header: "203.0.113.7"})
        assert refused.json == {"code": 200, "message": "All set!"}
    assert (await nobody.get("/v1/_setup")).json["secretKey"] == root.secret


async def test_a_wrong_signature_does_not_count_as_use(para: Para, nobody: Client) -> None:
    wrong = Client(para, "app:para", "x" * 54)
    assert (await wrong.get("/v1/_me")).status == 403
    told = await nobody.send("GET", "/v1/_setup", headers=ELSEWHERE)
    assert told.json["secretKey"] == await secret_of_root(para)
