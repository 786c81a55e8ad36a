"""ID tokens: who signed them, for whom, until when."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from para_core.contracts.signin import SignInError
from para_core.text import base64_url_encode
from para_server.signin.providers.idtokens import IdTokens
from para_server.signin.providers.idtokens import Issuer as Known

from .issuer import CLIENT, SECRET, Issuer, ec_key, jwk_of, rsa_key
from .kit import Clock, tools_of
from .web import Web, web


@dataclass
class Bench:
    """An issuer, and who verifies its tokens."""

    issuer: Issuer
    server: Web
    verifier: IdTokens
    clock: Clock

    @property
    def known(self) -> Known:
        return Known(self.issuer.url, f"{self.issuer.url}/jwks")

    async def claims(self, token: str, nonce: str | None = None) -> dict[str, object]:
        return await self.verifier.verify(token, self.known, client=CLIENT, nonce=nonce)

    async def refused(self, token: str, nonce: str | None = None) -> str:
        with pytest.raises(SignInError) as caught:
            await self.claims(token, nonce)
        return caught.value.reason


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    issuer, clock = Issuer(), Clock()
    async with web(issuer.answer) as server, tools_of(clock) as tools:
        issuer.url = server.url
        yield Bench(issuer, server, IdTokens(tools), clock)


async def test_a_good_token_tells_its_claims(bench: Bench) -> None:
    assert (await bench.claims(bench.issuer.signed()))["sub"] == "ann-1"
    assert (await bench.claims(bench.issuer.signed(nonce="n"), nonce="n"))["sub"] == "ann-1"
    assert (await bench.claims(bench.issuer.signed(aud=[CLIENT])))["sub"] == "ann-1"
    assert (await bench.claims(bench.issuer.signed(aud=[CLIENT, "b"], azp=CLIENT)))[
        "sub"
    ] == "ann-1"


def in_sec(seconds: int) -> int:
    return int(time.time()) + seconds


def public_key_as_secret(issuer: Issuer) -> str:
    head = base64_url_encode(json.dumps({"alg": "HS256", "kid": "key 1"}).encode())
    body = base64_url_encode(json.dumps(issuer.claims()).encode())
    secret = rsa_key("key 1").public_key()
    pem = secret.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    digest = hmac.digest(pem, f"{head}.{body}".encode(), hashlib.sha256)
    return f"{head}.{body}.{base64_url_encode(digest)}"


NOW = int(time.time())  # when the tests were collected; many run before these
WRONG: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "signed by another": (lambda issuer: issuer.signed("evil", "key 1"), "Signature verification"),
    "signed by an unknown key": (lambda issuer: issuer.signed("evil"), "no such key"),
    "of another issuer": (lambda issuer: issuer.signed(iss="https://evil.example"), "issuer"),
    "for another client": (lambda issuer: issuer.signed(aud="client-2"), "Audience"),
    "for no client": (lambda issuer: issuer.signed(aud=None), '"aud"'),
    "for several without a party": (
        lambda issuer: issuer.signed(aud=[CLIENT, "client-2"]),
        "for another party",
    ),
    "for another party": (lambda issuer: issuer.signed(azp="client-2"), "for another party"),
    "over": (lambda issuer: issuer.signed(exp=in_sec(-120)), "expired"),
    "without an end": (lambda issuer: issuer.signed(exp=None), '"exp"'),
    "from the future": (lambda issuer: issuer.signed(iat=NOW + 86_400), "not yet valid (iat)"),
    "not valid yet": (lambda issuer: issuer.signed(nbf=NOW + 86_400), "not yet valid (nbf)"),
    "without a beginning": (lambda issuer: issuer.signed(iat=None), '"iat"'),
    "without a subject": (lambda issuer: issuer.signed(sub=None), '"sub"'),
    "with an end that is no time": (lambda issuer: issuer.signed(exp="soon"), "(exp)"),
    "not signed": (
        lambda issuer: jwt.encode(issuer.claims(), "", "none", {"kid": "key 1"}),
        "not signed with a public key",
    ),
    "signed with the secret": (
        lambda issuer: jwt.encode(
            issuer.claims(), SECRET.ljust(32, "s"), "HS256", {"kid": "key 1"}
        ),
        "not signed with a public key",
    ),
    "signed with the public key as a secret": (
        public_key_as_secret,
        "not signed with a public key",
    ),
    "signed with another kind of key": (
        lambda issuer: jwt.encode(issuer.claims(), ec_key("key 1"), "ES256", {"kid": "key 1"}),
        "no such key",
    ),
    "with the key inside": (
        lambda issuer: jwt.encode(
            issuer.claims(), rsa_key("evil"), "RS256", {"kid": "x", "jwk": jwk_of("evil", "x")}
        ),
        "no such key",
    ),
    "cut off": (lambda issuer: issuer.signed()[:-22], "Signature verification"),  # whole bytes
    "changed": (lambda issuer: _changed(issuer.signed()), "Signature verification"),
    "no token": (lambda _: "hello", "there is no token"),
    "empty": (lambda _: "", "there is no token"),
    "large": (lambda issuer: issuer.signed() + "A" * 1_000_000, "too large"),
    "nested": (lambda _: f"{base64_url_encode(b'[' * 40_000)}.e30.x", "there is no token"),
}


def _changed(token: str) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(jwt.utils.base64url_decode(body))
    claims["sub"] = "admin"
    return f"{head}.{base64_url_encode(json.dumps(claims).encode())}.{signature}"


@pytest.mark.parametrize(("make", "reason"), WRONG.values(), ids=WRONG.keys())
async def test_a_token_is_refused_when_it_is(
    bench: Bench, make: Callable[[Issuer], str], reason: str
) -> None:
    assert reason in await bench.refused(make(bench.issuer))


async def test_the_nonce_must_be_that_of_the_flow(bench: Bench) -> None:
    for told in ("another", None, 5):
        assert "another sign-in" in await bench.refused(bench.issuer.signed(nonce=told), "n")


async def test_the_algorithm_of_a_key_is_kept(bench: Bench) -> None:
    bench.issuer.keys = [{**jwk_of("key 1"), "alg": "RS512"}]
    assert "no such key" in await bench.refused(bench.issuer.signed())


async def test_keys_that_cannot_be_used_are_left_aside(bench: Bench) -> None:
    bench.issuer.keys = [
        {"kty": "RSA", "kid": "key 1"},
        {"kty": "oct", "kid": "key 1", "k": "c2VjcmV0"},
        {**jwk_of("key 1"), "use": "enc"},
        *[5, None],  # type: ignore[list-item]
        jwk_of("key 1"),
    ]
    assert (await bench.claims(bench.issuer.signed()))["sub"] == "ann-1"


async def test_keys_are_kept_and_new_ones_are_found(bench: Bench) -> None:
    for _ in range(5):
        await bench.claims(bench.issuer.signed())
    assert len(bench.server.asked) == 1
    bench.issuer.keys = [jwk_of("key 2")]
    assert (await bench.claims(bench.issuer.signed("key 2")))["sub"] == "ann-1"
    assert len(bench.server.asked) == 2
    for _ in range(5):
        await bench.refused(bench.issuer.signed("evil"))
    assert len(bench.server.asked) == 2  # once a minute at most
    bench.clock.ms += 61_000
    await bench.refused(bench.issuer.signed("evil"))
    assert len(bench.server.asked) == 3


async def test_a_withdrawn_key_ends_within_an_hour(bench: Bench) -> None:
    await bench.claims(bench.issuer.signed())
    bench.issuer.keys = [jwk_of("key 2")]
    bench.clock.ms += 3_600_001
    assert "no such key" in await bench.refused(bench.issuer.signed())


async def test_keys_beyond_measure_are_refused(bench: Bench) -> None:
    bench.issuer.keys = [{**jwk_of("key 1"), "x5c": ["A" * 300_000]}]
    reason = await bench.refused(bench.issuer.signed())
    assert reason == "the keys of the issuer: more than 262144 bytes"


async def test_an_issuer_must_call_itself_what_we_call_it(bench: Bench) -> None:
    assert await bench.verifier.describe(bench.issuer.url + "/")
    bench.issuer.described = {"issuer": "https://accounts.example"}
    bench.clock.ms += 3_600_001
    with pytest.raises(SignInError) as caught:
        await bench.verifier.describe(bench.issuer.url)
    assert "another issuer" in caught.value.reason
