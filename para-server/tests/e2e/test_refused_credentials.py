"""Tokens and signatures that prove nothing: each is refused at every door that takes it.

The audience of a token is the app that it names: ``aud`` and ``iss`` are not looked at, as clients
of Para 1.54 expect. Their forms in detail are in ``unit/access/test_tokens.py`` and
``unit/access/test_signing.py``; ID tokens of providers are in ``signin/test_idtokens.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from .access_world import World, build
from .client import Client
from .tokens import b64, super_token, token

NOTES = {"*": {"note": ["?", "*"], "_types": ["GET"]}}
DOORS = (
    ("GET", "/v1/note/n1"),
    ("PUT", "/v1/note/n1"),
    ("GET", "/v1/_me"),
    ("GET", "/v1/_settings"),
    ("POST", "/v1/_newkeys"),
    ("GET", "/jwt_auth"),
    ("DELETE", "/jwt_auth"),
)


@pytest.fixture
def backend_name() -> str:
    return "memory"


@pytest.fixture
async def world(app: Client) -> World:
    return await build(app.para, NOTES, ["home", "other"])


Make = Callable[[World], str]


def of_app(**claims: object) -> Make:
    """Make super tokens of home with other claims."""
    return lambda world: super_token("app:home", world.apps["home"].secret or "", claims)


def of_user(key: str = "", **claims: object) -> Make:
    """Make user tokens of home with other claims, keyed with both secrets or with another key."""

    def make(world: World) -> str:
        home, user = world.apps["home"], world.users["home", "user"]
        now = int(time.time())
        usual = {"sub": user.id, "appid": home.id, "iat": now, "nbf": now, "exp": now + 600}
        secret = key or f"{home.secret}{user.token_secret}"
        return token({**usual, "refresh": now * 1000, **claims}, secret)

    return make


def altered(make: Make, alter: Callable[[str], str]) -> Make:
    return lambda world: alter(make(world))


def unsigned(text: str) -> str:
    head = b64(b'{"alg":"none"}')
    return f"{head}.{text.split('.')[1]}."


def keyed_by_another(world: World) -> str:
    return super_token("app:home", world.apps["other"].secret or "")


def signed_with_half_a_key(world: World) -> str:
    user = world.users["home", "user"]
    return of_user(key=user.token_secret or "")(world)


NOW = int(time.time())  # when the tests were collected; many run before these
REFUSED: dict[str, Make] = {
    "alg none": altered(of_app(), unsigned),
    "alg none of a user": altered(of_user(), unsigned),
    "alg none and a signature": lambda world: token(
        {"appid": "app:home", "exp": NOW + 86_400}, world.apps["home"].secret or "", alg="none"
    ),
    "RS256": lambda world: token(
        {"appid": "app:home", "exp": NOW + 86_400}, world.apps["home"].secret or "", alg="RS256"
    ),
    "another app's key": keyed_by_another,
    "another app's name": lambda world: super_token("app:other", world.apps["home"].secret or ""),
    "no such app": of_app(appid="app:nowhere"),
    "no app": of_app(appid=None),
    "the root app's name": of_app(appid="app:para"),
    "expired": of_app(exp=NOW - 1),
    "expired of a user": of_user(exp=NOW - 1),
    "without an end": of_app(exp=None),
    "from the future": of_app(nbf=NOW + 86_400),
    "from the future of a user": of_user(nbf=NOW + 86_400),
    "truncated": altered(of_app(), lambda text: text[:-3]),
    "without its signature": altered(of_app(), lambda text: text.rpartition(".")[0] + "."),
    "half of it": altered(of_app(), lambda text: text[: len(text) // 2]),
    "another user": altered(
        of_user(),
        lambda text: ".".join(
            [text.split(".")[0], b64(b'{"sub":"boss","appid":"app:home"}'), text.split(".")[2]]
        ),
    ),
    "a user, by the app's key alone": of_app(sub="user"),
    "a user, by its own half of the key": signed_with_half_a_key,
    "an ID token": of_user(refresh=None),
    "the app's word for a person": of_app(identifier="custom:ann", email="ann@home.test"),
    "of 1 MB": of_app(padding="x" * 1_048_576, exp=NOW - 1),
    "1 MB of junk": lambda _: "a" * 1_048_576,
    "1 MB of dots": lambda _: "." * 1_048_576,
    "deep": lambda _: f"{b64(b'[' * 100_000)}.{b64(b'[' * 100_000)}.x",
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
async def test_a_token_that_proves_nothing_opens_no_door(world: World, make: Make) -> None:
    client = Client(world.para, token=make(world))
    began = time.process_time()
    for method, path in DOORS:
        reply = await client.send(method, path, {"name": "new"} if method == "PUT" else None)
        if path != "/jwt_auth" or method == "GET":
            assert reply.status == 401, (method, path, reply)
        assert reply.status in (401, 403), (method, path, reply)
        assert reply.headers["www-authenticate"].startswith("Bearer")
    assert time.process_time() - began < 2
    assert (await world.client("app").get("/v1/note/n1")).json["name"] != "new"


async def test_a_token_opens_its_own_app_only(world: World) -> None:
    for key, expected in (("app", 200), ("other app", 404), ("user", 200), ("stranger", 404)):
        secret = world.apps["home" if key in ("app", "user") else "other"]
        client = (
            Client(world.para, token=super_token(secret.id, secret.secret or ""))
            if key in ("app", "other app")
            else world.client(key)
        )
        assert (await client.get("/v1/note/n1")).status == expected, key


async def test_new_secrets_end_tokens_at_once(world: World) -> None:
    by_user, by_app = world.client("user"), Client(world.para, token=of_app()(world))
    for client in (by_user, by_app):
        assert (await client.get("/v1/note/n1")).status == 200
    assert (await by_user.delete("/jwt_auth")).status == 200
    assert (await by_user.get("/v1/note/n1")).status == 401
    assert (await by_app.get("/v1/note/n1")).status == 200
    assert (await world.client("app").post("/v1/_newkeys")).status == 200
    assert (await by_app.get("/v1/note/n1")).status == 401


@pytest.mark.parametrize("age_sec", [901, 86_400, -901], ids=["old", "of yesterday", "early"])
async def test_a_signature_is_replayed_in_vain(world: World, age_sec: int) -> None:
    app, nobody = world.client("app"), world.client("nobody")
    fresh = app.signed("DELETE", "/v1/note/n1")
    stale = app.signed("DELETE", "/v1/note/n1", age_sec=age_sec)
    reply = await nobody.send("DELETE", "/v1/note/n1", headers=stale)
    assert (reply.status, reply.json["message"]) == (400, "Request has expired.")
    for method, path in (("DELETE", "/v1/note/n2"), ("GET", "/v1/note/n1")):
        reply = await nobody.send(method, path, headers=fresh)
        assert reply.status == 403, (method, path)
    assert (await app.get("/v1/note/n1")).status == 200
    stamped = {**fresh, "x-amz-date": stale["x-amz-date"]}
    assert (await nobody.send("DELETE", "/v1/note/n1", headers=stamped)).status == 400
    renewed = {**stale, "x-amz-date": fresh["x-amz-date"]}
    assert (await nobody.send("DELETE", "/v1/note/n1", headers=renewed)).status == 403
    assert (await nobody.send("DELETE", "/v1/note/n1", headers=fresh)).status == 200
