"""Signing in with a real directory: OpenLDAP, plain, with StartTLS and with LDAPS."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from para_core.contracts.signin import Profile, SignInError, SignInTools
from para_server.outbound import Addresses, OutboundClient
from para_server.signin.providers.ldap import Ldap

from .kit import Settings, tools_of

pytestmark = pytest.mark.service("ldap")

ADDRESS = urlsplit(os.environ.get("PARA_TEST_LDAP_URL", ""))
MORE = {name: values[0] for name, values in parse_qs(ADDRESS.query).items()}
PLAIN = f"ldap://{ADDRESS.netloc}"
LDAPS = f"ldaps://127.0.0.1:{MORE.get('tls')}"
BASE = ADDRESS.path.strip("/")
SEARCHING = {
    "user_dn_pattern": "cn={0},ou=nowhere",
    "user_search_filter": "(uid={0})",
    "bind_dn": f"cn=searcher,{BASE}",
    "bind_pass": "secret-searcher",
}


@pytest.fixture
async def tools() -> AsyncIterator[SignInTools]:
    async with tools_of() as made:
        yield made


async def sign_in(tools: SignInTools, token: str, **settings: str) -> Profile:
    own = {"server_url": PLAIN, "base_dn": BASE, "user_dn_pattern": "uid={0},ou=people"}
    values = {f"security.ldap.{name}": value for name, value in {**own, **settings}.items()}
    return await Ldap(tools).profile_of(Settings(values), token)


async def refused(tools: SignInTools, token: str, **settings: str) -> str:
    with pytest.raises(SignInError) as caught:
        await sign_in(tools, token, **settings)
    assert caught.value.message == "LDAP user not found."
    return caught.value.reason


def certificate() -> str:
    return Path(MORE["ca"]).read_text(encoding="ascii")


async def test_a_name_and_a_password_tell_who_somebody_is(tools: SignInTools) -> None:
    found = await sign_in(tools, "ann:secret-ann", displayname_attribute="displayName")
    assert (found.identifier, found.email, found.name) == ("ldap:ann", "ann@corp.example", "Annie")
    assert found.load_picture is not None
    assert (await found.load_picture("7") or "").endswith("shop/7.jpeg")


async def test_a_search_finds_them_too(tools: SignInTools) -> None:
    found = await sign_in(tools, "bob:secret-bob", **SEARCHING)
    assert (found.email, found.name) == ("", "Bob (the *) \\Builder, Bob")


@pytest.mark.parametrize(
    "secured",
    [{"start_tls": "true"}, {"server_url": LDAPS}, {"server_url": f"{LDAPS} {PLAIN}"}],
    ids=["StartTLS", "LDAPS", "the first of two"],
)
async def test_tls_is_spoken_with_a_checked_certificate(
    tools: SignInTools, secured: dict[str, str]
) -> None:
    found = await sign_in(tools, "ann:secret-ann", ca_cert=certificate(), **secured)
    assert found.identifier == "ldap:ann"


@pytest.mark.parametrize(
    "secured", [{"start_tls": "true"}, {"server_url": LDAPS}], ids=["StartTLS", "LDAPS"]
)
async def test_an_unknown_certificate_is_refused(
    tools: SignInTools, secured: dict[str, str]
) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in await refused(tools, "ann:secret-ann", **secured)


async def test_a_certificate_of_another_name_is_refused() -> None:
    async def look_up(host: str, port: int) -> list[str]:
        assert host, port
        return ["127.0.0.1"]

    outbound = OutboundClient(Addresses(allow_private=True, resolver=look_up))
    async with tools_of() as made, outbound:
        tools = SignInTools(outbound, made.files, made.cache, made.clock)
        url = LDAPS.replace("127.0.0.1", "directory.example")
        reason = await refused(tools, "ann:secret-ann", server_url=url, ca_cert=certificate())
    assert "CERTIFICATE_VERIFY_FAILED" in reason


REFUSED, NOBODY = "Invalid credentials", "nobody has this name"
WRONG = {
    "a wrong password": ("ann:wrong", REFUSED),
    "an unknown name": ("eve:secret-ann", NOBODY),
    "another's password": ("ann:secret-bob", REFUSED),
    "a star": ("*:secret-ann", NOBODY),
    "a filter that ends early": ("ann)(uid=*:secret-ann", NOBODY),
    "a filter that finds all": ("*)(|(uid=*:secret-ann", NOBODY),
    "another branch": ("chief,ou=admins:secret-chief", NOBODY),
    "two entries": ("twin:secret-twin", "several have this name"),
}


@pytest.mark.parametrize(("token", "reason"), WRONG.values(), ids=WRONG.keys())
async def test_who_cannot_prove_it_is_refused(tools: SignInTools, token: str, reason: str) -> None:
    assert reason in await refused(tools, token, **SEARCHING)
    if not token.startswith("twin"):  # one of them has the name that the pattern makes
        assert "Insufficient access" in await refused(tools, token)


async def test_a_name_that_ends_early_asks_no_directory(tools: SignInTools) -> None:
    with pytest.raises(SignInError) as caught:
        await sign_in(tools, "ann))\0(:secret-ann", **SEARCHING)
    assert "cannot be the id of a person" in caught.value.reason


async def test_a_strange_name_is_one_person_and_no_administrator(tools: SignInTools) -> None:
    found = await sign_in(
        tools, "o,me,ou=admins:secret-sly", **{**SEARCHING, "admins_group_node": "ou=admins"}
    )
    assert (found.name, found.groups) == ("Sly", "users")
    chief = await sign_in(
        tools, "chief:secret-chief", **{**SEARCHING, "admins_group_node": "ou=admins"}
    )
    assert chief.groups == "admins"


async def test_who_searches_must_be_known(tools: SignInTools) -> None:
    wrong = {**SEARCHING, "bind_pass": "wrong"}
    assert "the search is refused" in await refused(tools, "ann:secret-ann", **wrong)


@pytest.mark.parametrize("bad", ["(uid={0}", "uid={0}))", "((("])
async def test_a_filter_that_is_none_is_a_failed_sign_in(tools: SignInTools, bad: str) -> None:
    settings = {**SEARCHING, "user_search_filter": bad}
    reason = await refused(tools, "ann:secret-ann", **settings)
    assert reason == "security.ldap.user_search_filter is no filter"


async def test_a_blank_filter_is_the_usual_one(tools: SignInTools) -> None:
    settings = {**SEARCHING, "user_search_filter": ""}
    assert (await sign_in(tools, "Ann Smith:secret-ann", **settings)).email == "ann@corp.example"
    assert await refused(tools, "ann:secret-ann", **settings) == NOBODY


async def test_a_silent_directory_costs_the_time_limit_and_no_thread(tools: SignInTools) -> None:
    waiting: list[asyncio.StreamWriter] = []

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting.append(writer)

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    silent_ones = [
        {"server_url": f"ldap://127.0.0.1:{port}"},
        {"server_url": f"ldaps://127.0.0.1:{port}"},
        {"server_url": f"ldap://127.0.0.1:{port}", "start_tls": "true"},
    ]
    ldap, start = Ldap(tools), time.monotonic()

    async def wait(settings: dict[str, str]) -> None:
        values = {f"security.ldap.{name}": value for name, value in settings.items()}
        limited = Settings({**values, "security.ldap.timeout_ms": "300"})
        with pytest.raises(SignInError) as caught:
            await ldap.profile_of(limited, "ann:secret-ann")
        assert "did not answer" in caught.value.reason

    async with asyncio.TaskGroup() as tasks:
        for settings in silent_ones * 5:
            tasks.create_task(wait(settings))
    values = {"server_url": PLAIN, "base_dn": BASE, "user_dn_pattern": "uid={0},ou=people"}
    settings_now = Settings({f"security.ldap.{name}": value for name, value in values.items()})
    assert (await ldap.profile_of(settings_now, "ann:secret-ann")).identifier == "ldap:ann"
    assert time.monotonic() - start < 3
    server.close()
    for writer in waiting:
        writer.close()


@pytest.mark.parametrize(
    ("scheme", "more", "reason"),
    [
        ("ldap", {}, "the directory fails: Can't contact LDAP server"),
        ("ldap", {"start_tls": "true"}, "what answers is no directory"),
        ("ldaps", {}, "WRONG_VERSION_NUMBER"),
    ],
    ids=["plain", "StartTLS", "LDAPS"],
)
async def test_what_is_no_directory_is_a_failed_sign_in(
    tools: SignInTools, scheme: str, more: dict[str, str], reason: str
) -> None:
    async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(nonsense, "127.0.0.1", 0) as server:
        url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = {"server_url": url, "timeout_ms": "1000", **more}
        assert reason in await refused(tools, "ann:secret-ann", **settings)


async def test_private_addresses_are_refused() -> None:
    async with tools_of() as made, OutboundClient(Addresses()) as strict:
        tools = SignInTools(strict, made.files, made.cache, made.clock)
        assert "private or local address" in await refused(tools, "ann:secret-ann")


async def test_many_sign_in_at_once(tools: SignInTools) -> None:
    values = {"server_url": PLAIN, "base_dn": BASE, "user_dn_pattern": "uid={0},ou=people"}
    settings = Settings({f"security.ldap.{name}": value for name, value in values.items()})
    ldap = Ldap(tools)
    tokens = [f"{name}:secret-{name}" for name in ("ann", "bob")] * 15
    found = await asyncio.gather(*(ldap.profile_of(settings, token) for token in tokens))
    assert [one.identifier for one in found] == ["ldap:ann", "ldap:bob"] * 15
