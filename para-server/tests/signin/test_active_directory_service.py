"""Signing in with an Active Directory: Samba's."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from para_core.contracts.signin import Profile, SignInError, SignInTools
from para_server.outbound import Addresses, OutboundClient
from para_server.signin.providers.ldap import Ldap

from .kit import Settings, tools_of

pytestmark = pytest.mark.service("activedirectory")

ADDRESS = urlsplit(os.environ.get("PARA_TEST_ACTIVEDIRECTORY_URL", ""))
MORE = {name: values[0] for name, values in parse_qs(ADDRESS.query).items()}
HOST = MORE.get("host", "")


@pytest.fixture
async def tools() -> AsyncIterator[SignInTools]:
    async def look_up(host: str, port: int) -> list[str]:
        """The certificate is for the controller's name, which only its own name server knows."""
        assert host, port
        return ["127.0.0.1"]

    outbound = OutboundClient(Addresses(allow_private=True, resolver=look_up))
    async with tools_of() as made, outbound:
        yield SignInTools(outbound, made.files, made.cache, made.clock)


def certificate() -> str:
    return Path(MORE["ca"]).read_text(encoding="ascii")


async def sign_in(tools: SignInTools, token: str, **settings: str) -> Profile:
    own = {
        "server_url": f"ldaps://{HOST}",
        "ca_cert": certificate(),
        "active_directory_domain": "corp.example",
    }
    values = {f"security.ldap.{name}": value for name, value in {**own, **settings}.items()}
    return await Ldap(tools).profile_of(Settings(values), token)


async def refused(tools: SignInTools, token: str, **settings: str) -> str:
    with pytest.raises(SignInError) as caught:
        await sign_in(tools, token, **settings)
    return caught.value.message


@pytest.mark.parametrize("name", ["ann", "ann@corp.example", "ANN@CORP.EXAMPLE"])
async def test_a_name_with_and_without_its_domain_is_one_person(
    tools: SignInTools, name: str
) -> None:
    found = await sign_in(tools, f"{name}:Secret-Ann1")
    assert found.identifier.lower() == "ldap:ann"
    assert (found.email, found.name) == ("ann@corp.example", "Ann Smith")


@pytest.mark.parametrize(
    "secured",
    [{}, {"server_url": f"ldap://{HOST}", "start_tls": "true"}, {"server_url": f"ldap://{HOST}"}],
    ids=["LDAPS", "StartTLS", "plain"],
)
async def test_every_kind_of_connection_works(tools: SignInTools, secured: dict[str, str]) -> None:
    assert (await sign_in(tools, "bob:Secret-Bob1", **secured)).identifier == "ldap:bob"


async def test_without_a_domain_in_the_settings_the_name_tells_it(tools: SignInTools) -> None:
    settings = {"active_directory_domain": "", "ad_mode_enabled": "true"}
    found = await sign_in(tools, "ann@corp.example:Secret-Ann1", **settings)
    assert found.identifier == "ldap:ann@corp.example"


async def test_groups_of_the_directory_make_administrators(tools: SignInTools) -> None:
    nodes = {"admins_group_node": "CN=Domain Admins"}
    assert (await sign_in(tools, "ann:Secret-Ann1", **nodes)).groups == "admins"
    assert (await sign_in(tools, "bob:Secret-Bob1", **nodes)).groups == "users"


REFUSED = {
    "a wrong password": ("ann:wrong", "Bad credentials"),
    "an unknown name": ("eve:Secret-Ann1", "Bad credentials"),
    "no password": ("ann:", "Bad credentials."),
    "a disabled account": ("off:Secret-Off1", "User is disabled"),
    "an account that is over": ("old:Secret-Old1", "User account has expired"),
    "a star": ("*:Secret-Ann1", "Bad credentials"),
    "a filter that finds all": ("*)(objectClass=*:Secret-Ann1", "Bad credentials"),
}


@pytest.mark.parametrize(("token", "message"), REFUSED.values(), ids=REFUSED.keys())
async def test_who_may_not_sign_in_is_told_as_much_as_is_good(
    tools: SignInTools, token: str, message: str
) -> None:
    assert await refused(tools, token) == message
