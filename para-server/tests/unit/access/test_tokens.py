from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from para_server.access.issuing import (
    Profile,
    issue_id_token,
    issue_user_token,
    new_token_secret,
    validity_of,
)
from para_server.access.tokens import Proof, TokenFault, TokenVerifier

from .fakes import USER_KEY, FakeApp, FakeLookup, FakeUser
from .signer import APP_KEY

NOW = 1767323045.5
DAY = 86400
OTHER_KEY = "another-key-another-key-another-key"
USER = FakeUser("587408205806571520")
USER_TOKEN = (
    b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI1ODc0MDgyMDU4MDY1NzE1MjAiLCJpZHAiOiJnZW5lcmljIiwiYXBwaWQi"
    b"OiJhcHA6bXlhcHAiLCJuYmYiOjE3NjczMjMwNDUsImV4cCI6MTc2NzQwOTQ0NSwiaWF0IjoxNzY3MzIzMDQ1LCJyZWZy"
    b"ZXNoIjoxNzY3MzI2NjQ1MDAwfQ.X89rxVxJy1RghMWSrdWcXGf32d0AnpHhD2AJin32djo"
)
SUPER_TOKEN = (
    b"eyJhbGciOiJIUzI1NiJ9.eyJhcHBpZCI6ImFwcDpteWFwcCIsIm5iZiI6MTc2NzMyMzA0NSwiZXhwIjoxNzY3OTI3"
    b"ODQ1LCJpYXQiOjE3NjczMjMwNDV9.2cfdv8Co6KWZd06BYG-L9rIQW2sPp1DMZnNNVw46Mgg"
)
SUPER = {"appid": "app:myapp", "exp": 1767927845}


def make(claims: object, key: str = APP_KEY, *, alg: str = "HS256", **header: object) -> bytes:
    """A token, signed by hand; an algorithm that is none of ours is signed as HS256."""
    digest = {"HS384": hashlib.sha384, "HS512": hashlib.sha512}.get(alg, hashlib.sha256)
    head, payload = (
        encoded(json.dumps(part).encode()) for part in ({"alg": alg, **header}, claims)
    )
    signature = hmac.new(key.encode(), head + b"." + payload, digest).digest()
    return b".".join([head, payload, encoded(signature)])


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def lookup() -> FakeLookup:
    return FakeLookup(FakeApp(), FakeApp("para"), users=(replace(USER),))


async def verify(
    token: bytes, *, found: FakeLookup | None = None, now: float = NOW
) -> Proof | TokenFault:
    return await TokenVerifier(root="para").verify(token, found or lookup(), now)


async def test_the_documented_user_token_proves_its_user() -> None:
    proof = await verify(USER_TOKEN)
    assert isinstance(proof, Proof)
    assert (proof.principal.is_user, proof.principal.userid) == (True, USER.id)
    assert (proof.principal.appid, proof.principal.is_root) == ("myapp", False)
    assert proof.principal.claims["idp"] == "generic"


async def test_the_documented_super_token_proves_its_app() -> None:
    proof = await verify(SUPER_TOKEN)
    assert isinstance(proof, Proof)
    assert (proof.principal.is_app, proof.principal.appid, proof.user) == (True, "myapp", None)


def test_the_documented_user_token_is_made_again() -> None:
    made = issue_user_token(FakeApp(), USER, "generic", float(int(NOW)), validity=(DAY, 3600))
    assert made is not None
    assert made.token.encode() == USER_TOKEN
    assert (made.refresh_ms, made.expires_ms) == (1767326645000, 1767409445000)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(SUPER, id="no more than needed"),
        pytest.param({**SUPER, "appid": "myapp"}, id="app id without prefix"),
        pytest.param({**SUPER, "appid": "app:MyApp"}, id="app id in capitals"),
        pytest.param({**SUPER, "sub": "nobody-knows"}, id="subject is no user"),
        pytest.param({**SUPER, "sub": None}, id="subject is null"),
        pytest.param({**SUPER, "iat": 4102444800}, id="issued in the future"),
        pytest.param({**SUPER, "iss": "x", "aud": ["others"], "jti": 5}, id="other claims"),
        pytest.param({**SUPER, "exp": NOW + 0.5}, id="fraction of a second"),
    ],
)
async def test_a_super_token_needs_an_app_and_an_end(claims: dict[str, Any]) -> None:
    assert isinstance(await verify(make(claims)), Proof)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"a.b.c", id="letters"),
        pytest.param(SUPER_TOKEN.rpartition(b".")[0], id="two parts"),
        pytest.param(SUPER_TOKEN + b".x", id="four parts"),
        pytest.param(make({"exp": DAY}), id="no app"),
        pytest.param(make({**SUPER, "appid": ""}), id="empty app"),
        pytest.param(make({**SUPER, "appid": 5}), id="app is a number"),
        pytest.param(make({**SUPER, "appid": "app:nowhere"}), id="unknown app"),
        pytest.param(make({**SUPER, "sub": 5}), id="subject is a number"),
        pytest.param(make({**SUPER, "exp": "never"}), id="end is a text"),
        pytest.param(make({**SUPER, "exp": True}), id="end is a truth"),
        pytest.param(make({**SUPER, "nbf": []}), id="begin is a list"),
        pytest.param(make({**SUPER, "exp": float("nan")}), id="end is no number"),
        pytest.param(make({**SUPER, "exp": float("inf")}), id="end is infinite"),
        pytest.param(make([]), id="claims are a list"),
        pytest.param(make(SUPER, alg="none"), id="no algorithm, signed"),
        pytest.param(make(SUPER, alg="none").rpartition(b".")[0] + b".", id="no algorithm"),
    ],
)
async def test_what_cannot_be_used_is_no_token(token: bytes) -> None:
    assert await verify(token) is TokenFault.UNUSABLE


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(make({**SUPER, "exp": 1000000000}), id="expired"),
        pytest.param(make({**SUPER, "exp": NOW}), id="expires now"),
        pytest.param(make({"appid": "app:myapp"}), id="without an end"),
        pytest.param(make({**SUPER, "nbf": NOW + 1}), id="not valid yet"),
        pytest.param(make(SUPER, OTHER_KEY), id="another key"),
        pytest.param(make({**SUPER, "sub": USER.id}), id="a user without its part of the key"),
        pytest.param(make(SUPER, alg="HS512"), id="key shorter than the hash"),
        pytest.param(make(SUPER, alg="RS256"), id="names RS256"),
        pytest.param(make(SUPER, alg="hs256"), id="small letters"),
        pytest.param(SUPER_TOKEN[:-2], id="cut short"),
        pytest.param(SUPER_TOKEN[:-43], id="empty signature"),
        pytest.param(
            SUPER_TOKEN.replace(SUPER_TOKEN.split(b".")[1], make(SUPER).split(b".")[1]),
            id="claims changed",
        ),
    ],
)
async def test_what_proves_nothing_is_rejected(token: bytes) -> None:
    assert await verify(token) is TokenFault.REJECTED


@pytest.mark.parametrize(("alg", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
async def test_a_key_must_be_as_long_as_the_hash(alg: str, size: int) -> None:
    for length, expected in ((size, Proof), (size - 1, TokenFault)):
        key = "k" * length
        found = FakeLookup(FakeApp(secret=key))
        assert isinstance(await verify(make(SUPER, key, alg=alg), found=found), expected)


async def test_more_header_fields_do_no_harm() -> None:
    assert isinstance(await verify(make(SUPER, kid="k1", typ="JWT")), Proof)


async def test_an_app_without_a_secret_has_no_tokens() -> None:
    found = FakeLookup(FakeApp(secret=None))
    assert await verify(make(SUPER, ""), found=found) is TokenFault.REJECTED


async def test_a_verified_token_is_checked_again_each_time() -> None:
    verifier, found = TokenVerifier(root="para"), lookup()
    for _ in range(3):
        assert isinstance(await verifier.verify(USER_TOKEN, found, NOW), Proof)
    assert await verifier.verify(USER_TOKEN, found, NOW + DAY) is TokenFault.REJECTED
    found.users[USER.id].token_secret = new_token_secret()
    assert await verifier.verify(USER_TOKEN, found, NOW) is TokenFault.REJECTED
    found.users[USER.id].token_secret = USER_KEY
    found.apps["myapp"].secret = OTHER_KEY
    assert await verifier.verify(USER_TOKEN, found, NOW) is TokenFault.REJECTED


async def test_a_token_of_a_deleted_user_does_not_become_a_super_token() -> None:
    verifier, found = TokenVerifier(root="para"), lookup()
    assert isinstance(await verifier.verify(USER_TOKEN, found, NOW), Proof)
    found.users.clear()
    assert await verifier.verify(USER_TOKEN, found, NOW) is TokenFault.REJECTED


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"identifier": "custom:ann"}, id="a person"),
        pytest.param({"identifier": "custom:ann", "sub": "7"}, id="a person, and a subject"),
        pytest.param({"identifier": "custom:ann", "getCredentials": "x"}, id="more claims"),
        pytest.param({"identifier": ""}, id="an empty identifier"),
        pytest.param({"identifier": None}, id="no identifier, by name"),
    ],
)
async def test_what_an_app_says_of_a_person_does_not_act_as_the_app(claims: dict[str, Any]) -> None:
    """The person holds such a token: it stands in the address that the app sends a browser to."""
    assert await verify(make({**SUPER, **claims})) is TokenFault.REJECTED


async def test_a_user_without_a_token_secret_has_no_tokens() -> None:
    found = FakeLookup(FakeApp(), users=(FakeUser(token_secret=None),))
    claims = {**SUPER, "sub": "u1", "refresh": 1}
    assert await verify(make(claims), found=found) is TokenFault.REJECTED


async def test_more_tokens_than_fit_are_all_verified() -> None:
    verifier, found = TokenVerifier(root="para", capacity=2), lookup()
    tokens = [make({**SUPER, "n": number}) for number in range(4)]
    for token in tokens * 2:
        assert isinstance(await verifier.verify(token, found, NOW), Proof)


async def test_a_user_token_opens_what_an_id_token_does_not() -> None:
    profile = Profile("Ann", "ann@example.org", "ann@example.org", "")
    token = issue_id_token(FakeApp(), USER, profile, NOW)
    assert token is not None
    assert await verify(token.encode()) is TokenFault.REJECTED
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["email"] == "ann@example.org"
    assert claims["exp"] - claims["iat"] == 60
    assert claims["picture"].startswith("https://gravatar.com/avatar/8b5a6a28")


def test_an_id_token_keeps_a_picture_of_its_own() -> None:
    profile = Profile("Ann", "ann@example.org", "x", "HTTPS://example.org/a.png")
    token = issue_id_token(FakeApp(), USER, profile, NOW)
    assert token is not None
    assert b"HTTPS://example.org/a.png" in base64.urlsafe_b64decode(token.split(".")[1] + "==")


@pytest.mark.parametrize(
    ("validity", "refresh_after_ms"),
    [((86400, 3600), 3_600_000), ((7200, 3600), 3_600_000), ((7000, 3600), 3_500_000)],
)
def test_a_token_is_refreshed_before_half_of_its_life(
    validity: tuple[int, int], refresh_after_ms: int
) -> None:
    made = issue_user_token(FakeApp(), USER, "generic", NOW, validity=validity)
    assert made is not None
    assert made.refresh_ms == int(NOW * 1000) + refresh_after_ms
    assert made.expires_ms == (int(NOW) + validity[0]) * 1000
    assert made.refresh_ms < made.expires_ms


@pytest.mark.parametrize(
    ("app", "user"),
    [
        (FakeApp(secret=None), USER),
        (FakeApp(), FakeUser(token_secret=None)),
        (FakeApp(secret=OTHER_KEY[:15]), FakeUser(token_secret=OTHER_KEY[:16])),
    ],
)
def test_no_token_is_made_with_keys_that_are_too_short(app: FakeApp, user: FakeUser) -> None:
    assert issue_user_token(app, user, "generic", NOW, validity=(DAY, 3600)) is None


def test_a_token_secret_is_random() -> None:
    assert new_token_secret(lambda size: b"x" * size) == base64.b64encode(b"x" * 32).decode()
    assert new_token_secret() != new_token_secret()


@pytest.mark.parametrize(
    ("timeout", "stored", "expected"),
    [
        (3, 5, 3),
        (-3, 5, 3),
        (3.9, None, 3),
        ("3", 5, 5),
        (True, 5, 5),
        (0, None, DAY),
        (None, 0, DAY),
        (None, -1, DAY),
    ],
)
def test_the_validity_is_the_first_that_is_set(
    timeout: object, stored: int | None, expected: int
) -> None:
    assert validity_of({"session_timeout": timeout}, stored, DAY) == expected


@settings(max_examples=200, deadline=None)
@given(st.data())
async def test_no_bit_of_a_token_can_be_flipped(data: st.DataObject) -> None:
    token = bytearray(make({**SUPER, "n": data.draw(st.text(max_size=5))}))
    # The last character of a part holds bits that belong to no byte.
    ends = {at for at in range(len(token)) if bytes(token[at + 1 : at + 2]) in (b".", b"")}
    at = data.draw(st.sampled_from([at for at in range(len(token)) if at not in ends]))
    verifier = TokenVerifier(root="para")
    assert isinstance(await verifier.verify(bytes(token), lookup(), NOW), Proof)
    token[at] ^= 1 << data.draw(st.integers(0, 6))
    assert isinstance(await verifier.verify(bytes(token), lookup(), NOW), TokenFault)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
async def test_junk_is_no_token(junk: bytes) -> None:
    assert await verify(junk) is TokenFault.UNUSABLE
