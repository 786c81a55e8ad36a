"""Signing in with social networks, from the request to the stored user."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from para_core.config import Config
from para_core.contracts.signin import SignIn, SignInTools
from para_server.config import ApiSettings
from para_server.para import Para
from para_server.signin.policy import SignInPolicy
from para_server.signin.providers.generic import OAuth2
from para_server.signin.providers.ldap import Ldap
from para_server.signin.providers.saml import Saml

from ...signin.networks import (  # noqa: TID252 - tests have no absolute names
    CODE,
    NETWORKS,
    Network,
    settings_for,
)
from ...signin.web import Told, Web, web  # noqa: TID252 - tests have no absolute names
from ..backends import MEMORY, backends  # noqa: TID252 - tests have no absolute names
from ..client import Client, Reply  # noqa: TID252 - tests have no absolute names
from .people import BROWSER, SCRIPT, sign_in


@dataclass
class World:
    """All networks at once."""

    networks: dict[str, Network]
    servers: dict[str, Web]

    def providers(self, tools: SignInTools) -> list[SignIn]:
        return [
            *(OAuth2(tools), Ldap(tools), Saml(tools)),
            *(
                network.provider(tools, self.servers[name].url)
                for name, network in self.networks.items()
            ),
        ]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    networks = {name: kind() for name, kind in NETWORKS.items()}
    async with AsyncExitStack() as stack:
        servers = {
            name: await stack.enter_async_context(web(network.answer))
            for name, network in networks.items()
        }
        yield World(networks, servers)


@pytest.fixture
async def para(
    settings: ApiSettings,
    policy: SignInPolicy,
    world: World,
    config_values: Mapping[str, object],
    tmp_path: Path,
) -> AsyncIterator[Para]:
    async with backends(MEMORY, tmp_path) as made:
        made.sign_ins = world.providers
        config = Config(
            {
                "para.outbound.allow_private": True,
                "para.trusted_proxies": "127.0.0.1",
                **config_values,
            }
        )
        async with Para(settings, made, config=config, policy=policy) as para:
            yield para


@pytest.fixture
async def shop(app: Client, world: World) -> Client:
    """The app, with credentials at every network."""
    values: dict[str, str] = {}
    for network in world.networks.values():
        values |= settings_for(network)
    assert (await app.put("/v1/_settings", values)).status == 200
    return app


async def browse(nobody: Client, name: str, headers: Mapping[str, str], **query: str) -> Reply:
    pairs = list({"code": CODE, "state": "myapp", **query}.items())
    host = {"host": "para.example", "x-forwarded-proto": "https"}
    return await nobody.send("GET", f"/{name}_auth", query=pairs, headers={**host, **headers})


@pytest.mark.parametrize("name", NETWORKS)
async def test_a_token_makes_a_user_and_finds_it_again(
    shop: Client, nobody: Client, world: World, name: str
) -> None:
    token = world.networks[name].good
    first = await sign_in(nobody, token, provider=name)
    again = await sign_in(nobody, token, provider=name.upper())
    assert (first.status, again.status) == (200, 200)
    user = first.json["user"]
    assert user["email"] == "ann@mail.example"
    assert user["identityProvider"] == name
    assert again.json["user"]["id"] == user["id"]
    stored = (await shop.get(f"/v1/users/{user['id']}")).json
    assert stored["identifier"].startswith(f"{world.networks[name].prefix}:")


@pytest.mark.parametrize("name", NETWORKS)
async def test_a_code_signs_a_browser_in(
    shop: Client, nobody: Client, world: World, name: str
) -> None:
    del world
    assert (await browse(nobody, name, SCRIPT)).status == 204
    await shop.put("/v1/_settings/signin_success", {"value": "https://my.test/in?jwt=?"})
    reply = await browse(nobody, name, BROWSER)
    assert reply.status == 302
    token = dict(parse_qsl(urlsplit(reply.headers["location"]).query))["jwt"]
    me = await Client(nobody.para, token=token).get("/v1/_me")
    assert me.json["email"] == "ann@mail.example"


@pytest.mark.parametrize("name", NETWORKS)
async def test_failures_of_a_network_are_failed_sign_ins(
    shop: Client, nobody: Client, world: World, name: str
) -> None:
    del shop
    server = world.servers[name]
    for told in (Told(500, b"<html>"), Told(200, b"[]"), Told(raw=b"nonsense\r\n\r\n")):
        server.answer = lambda _, told=told: told  # type: ignore[misc]
        refused = await sign_in(nobody, world.networks[name].good, provider=name)
        message = f"Failed to authenticate user with '{name}'. Check if user is active."
        assert (refused.status, refused.json["message"]) == (400, message)
        reply = await browse(nobody, name, SCRIPT)
        assert (reply.status, reply.json["message"]) == (401, "Bad credentials.")
        page = await browse(nobody, name, BROWSER)
        assert (page.status, page.headers["location"]) == (
            302,
            "https://para.example/signin?error",
        )


@pytest.mark.parametrize("name", [n for n in NETWORKS if NETWORKS[n].tells_client])
async def test_tokens_of_other_applications_open_nothing(
    shop: Client, nobody: Client, world: World, name: str
) -> None:
    refused = await sign_in(nobody, world.networks[name].foreign, provider=name)
    assert refused.status == 400
    assert (await shop.get("/v1/users")).json["totalHits"] == 0


async def test_an_unknown_app_signs_nobody_in(shop: Client, nobody: Client) -> None:
    del shop
    reply = await browse(nobody, "github", SCRIPT, state="nowhere")
    assert (reply.status, reply.json["message"]) == (401, "Bad credentials.")


@pytest.mark.parametrize("config_values", [{"para.outbound.allow_private": False}], ids=["strict"])
async def test_an_app_cannot_make_the_server_connect_to_its_own_network(
    app: Client, nobody: Client, world: World
) -> None:
    inside = world.servers["google"]
    values = {
        "security.oauth.token_url": f"{inside.url}/oauth2/v4/token",
        "security.oauth.profile_url": f"{inside.url}/oauth2/v3/userinfo",
        "security.oauth.issuer": inside.url,
        "security.ldap.server_url": f"ldap://127.0.0.1:{inside.port}",
        "security.saml.sp.entityid": "https://para.example/saml_auth/myapp",
        "security.saml.idp.metadata_url": f"{inside.url}/metadata",
        "oa2_app_id": "client-1",
        "oa2_secret": "secret-1",
    }
    await app.put("/v1/_settings", values)
    assert (await sign_in(nobody, "good-token", provider="oauth2")).status == 400
    assert (await sign_in(nobody, "ann:secret", provider="ldap")).status == 400
    for name in ("oauth2", "google"):
        assert (await browse(nobody, name, SCRIPT)).status == 401
    for path in ("/saml_auth/myapp", "/saml_metadata/myapp"):
        assert (await nobody.send("GET", path, headers=SCRIPT)).status in (400, 401)
    assert inside.connections == 0


async def test_what_an_app_tells_of_itself_may_be_looked_at(shop: Client, nobody: Client) -> None:
    """All other endpoints refuse those who only look."""
    del shop
    path = "/saml_metadata/myapp"
    statuses = [(await nobody.send(m, path, headers=SCRIPT)).status for m in ("GET", "HEAD")]
    assert statuses == [400, 400]


# ---- accounts ---------------------------------------------------------------------------------


async def test_addresses_that_both_networks_verified_are_one_person(
    shop: Client, nobody: Client, world: World
) -> None:
    del shop
    one = await sign_in(nobody, world.networks["google"].good, provider="google")
    other = await sign_in(nobody, world.networks["github"].good, provider="github")
    assert one.json["user"]["id"] == other.json["user"]["id"]


@pytest.mark.parametrize("name", ["facebook", "linkedin", "microsoft", "slack", "amazon"])
async def test_an_address_that_nobody_verified_takes_no_account_over(
    shop: Client, nobody: Client, world: World, name: str
) -> None:
    """Whoever writes another's address into a profile would be that person."""
    del shop
    victim = await sign_in(nobody, world.networks["google"].good, provider="google")
    assert victim.status == 200
    attack = await sign_in(nobody, world.networks[name].good, provider=name)
    if attack.status == 200:
        assert attack.json["user"]["id"] != victim.json["user"]["id"]
    else:
        assert attack.status == 400


async def test_an_unverified_address_of_google_takes_no_account_over(
    shop: Client, nobody: Client, world: World
) -> None:
    del shop
    victim = await sign_in(nobody, world.networks["github"].good, provider="github")
    world.networks["google"].person["email_verified"] = False
    attack = await sign_in(nobody, world.networks["google"].good, provider="google")
    assert attack.status == 400 or attack.json["user"]["id"] != victim.json["user"]["id"]


async def test_people_without_an_address_get_one_and_come_back(
    shop: Client, nobody: Client, world: World
) -> None:
    del shop
    world.networks["slack"].person["email"] = ""
    first = await sign_in(nobody, world.networks["slack"].good, provider="slack")
    again = await sign_in(nobody, world.networks["slack"].good, provider="slack")
    user = first.json["user"]
    assert user["email"] == f"{user['id']}@slack.com"
    assert again.json["user"]["id"] == user["id"]


async def test_an_inactive_user_stays_outside(shop: Client, nobody: Client, world: World) -> None:
    first = await sign_in(nobody, world.networks["github"].good, provider="github")
    await shop.patch(f"/v1/users/{first.json['user']['id']}", {"active": False})
    again = await sign_in(nobody, world.networks["github"].good, provider="github")
    assert again.status == 400
    assert (await browse(nobody, "github", SCRIPT)).status == 401


# ---- the sign-in page -------------------------------------------------------------------------


async def test_the_page_leads_to_the_networks_and_back(
    shop: Client, nobody: Client, world: World
) -> None:
    del shop
    host = {"host": "para.example", "x-forwarded-proto": "https"}
    page = await nobody.send(
        "GET", "/signin", query=[("appid", "myapp")], headers={**BROWSER, **host}
    )
    cookie = page.headers["set-cookie"].partition(";")[0]
    assert "HttpOnly" in page.headers["set-cookie"]
    assert "Secure" in page.headers["set-cookie"]
    for network in world.servers.values():
        assert quote(network.url, safe=":/") in page.text or network.url in page.text
    start = next(
        part.partition('"')[0].replace("&amp;", "&")
        for part in page.text.split('href="')
        if part.startswith(world.servers["github"].url)
    )
    asked = dict(parse_qsl(urlsplit(start).query))
    assert asked["redirect_uri"] == "https://para.example/github_auth"
    world.networks["github"].challenge = asked["code_challenge"]
    back = {"state": asked["state"]}
    stranger = await browse(nobody, "github", SCRIPT, **back)
    assert stranger.status == 401
    mine = await browse(nobody, "github", {**SCRIPT, "cookie": cookie}, **back)
    assert mine.status == 204
