"""Signing in at real systems: OpenLDAP, a SAML provider on xmlsec1, and oidc-provider."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest
from lxml import etree

from para_core.config import Config
from para_server.config import ApiSettings
from para_server.para import Para
from para_server.signin.policy import SignInPolicy
from para_server.signin.providers import factories

from ...signin.saml_keys import pair  # noqa: TID252 - tests have no absolute names
from ..backends import MEMORY, backends  # noqa: TID252 - tests have no absolute names
from ..client import Client, Reply  # noqa: TID252 - tests have no absolute names
from .people import BROWSER, FORM, SCRIPT, sign_in

HOST = {"host": "para.example", "x-forwarded-proto": "https"}
HERE = "https://para.example"
ACS = f"{HERE}/saml_auth/myapp"


@pytest.fixture
async def para(
    settings: ApiSettings,
    policy: SignInPolicy,
    config_values: Mapping[str, object],
    tmp_path: Path,
) -> AsyncIterator[Para]:
    async with backends(MEMORY, tmp_path) as made:
        config = Config(
            {
                "para.outbound.allow_private": True,
                "para.trusted_proxies": "127.0.0.1",
                **config_values,
            }
        )
        made.sign_ins = lambda tools: [factory(tools) for factory in factories(config)]
        async with Para(settings, made, config=config, policy=policy) as para:
            yield para


async def get(nobody: Client, url: str, headers: Mapping[str, str] = SCRIPT) -> Reply:
    parts = urlsplit(url)
    heads = {**HOST, **headers}
    return await nobody.send("GET", parts.path, raw_query=parts.query, headers=heads)


def fields_of(page: str) -> dict[str, str]:
    found = re.findall(r'<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


# ---- LDAP -------------------------------------------------------------------------------------


@pytest.mark.service("ldap")
async def test_people_of_a_directory_sign_in(app: Client, nobody: Client) -> None:
    address = urlsplit(os.environ["PARA_TEST_LDAP_URL"])
    values = {
        "server_url": f"ldap://{address.netloc}",
        "base_dn": address.path.strip("/"),
        "user_dn_pattern": "uid={0},ou=people|uid={0},ou=admins",
        "admins_group_node": "ou=admins",
    }
    await app.put("/v1/_settings", {f"security.ldap.{k}": v for k, v in values.items()})
    ann = await sign_in(nobody, "ann:secret-ann", provider="ldap")
    assert (ann.status, ann.json["user"]["identifier"]) == (200, "ldap:ann")
    assert ann.json["user"]["groups"] == "users"
    chief = await sign_in(nobody, "chief:secret-chief", provider="ldap")
    assert chief.json["user"]["groups"] == "admins"
    for token in ("ann:wrong", "*:secret-ann", "ann", "ann:"):
        assert (await sign_in(nobody, token, provider="ldap")).status == 400
    form = urlencode({"username": "ann", "password": "secret-ann"}).encode()
    query = [("appid", "myapp")]
    good = await nobody.send(
        "POST", "/ldap_auth", raw=form, query=query, headers={**FORM, **SCRIPT}
    )
    assert good.status == 204
    wrong = await nobody.send(
        "POST", "/ldap_auth", raw=form + b"x", query=query, headers={**FORM, **SCRIPT}
    )
    assert (wrong.status, wrong.json["message"]) == (401, "LDAP user not found.")


# ---- SAML -------------------------------------------------------------------------------------


@pytest.fixture
async def company(app: Client) -> Client:
    """The app, with single sign-on at the provider."""
    values = {
        "sp.entityid": ACS,
        "sp.x509cert": pair("sp").certificate_setting,
        "sp.privatekey": pair("sp").key_setting,
        "idp.metadata_url": os.environ.get("PARA_TEST_SAML_URL", ""),
    }
    await app.put("/v1/_settings", {f"security.saml.{k}": v for k, v in values.items()})
    return app


async def at_the_provider(nobody: Client, **wishes: str) -> dict[str, str]:
    """Start here, sign in there, and return what the browser is to post back."""
    start = await get(nobody, ACS, BROWSER)
    assert start.status == 302
    url = f"{start.headers['location']}&{urlencode(wishes)}"
    async with httpx.AsyncClient() as browser:
        page = await browser.get(url)
    assert page.status_code == 200
    return fields_of(page.text)


async def post_back(nobody: Client, fields: Mapping[str, str], **headers: str) -> Reply:
    heads = {**HOST, **FORM, **SCRIPT, **headers}
    body = urlencode(fields).encode()
    return await nobody.send("POST", "/saml_auth/myapp", raw=body, headers=heads)


@pytest.mark.service("saml")
@pytest.mark.parametrize("sign", ["assertion", "response", "encrypted"])
async def test_people_of_a_company_sign_in(company: Client, nobody: Client, sign: str) -> None:
    wishes = {"user": "bob", "sign": sign, "sp": pair("sp").certificate_pem}
    fields = await at_the_provider(nobody, **wishes)
    assert (await post_back(nobody, fields)).status == 204
    users = (await company.get("/v1/users")).json["items"]
    assert [(one["identifier"], one["email"], one["name"]) for one in users] == [
        ("saml:bob", "bob@corp.example", "Dr bob")
    ]
    assert (await post_back(nobody, fields)).status == 401  # a second time


@pytest.mark.service("saml")
async def test_a_response_counts_for_one_app_and_one_browser_flow(
    company: Client, root: Client, nobody: Client
) -> None:
    del company
    other = await root.get("/v1/_setup/other")
    client = Client(nobody.para, "app:other", other.json["secretKey"])
    values = {
        "sp.entityid": f"{HERE}/saml_auth/other",
        "idp.metadata_url": os.environ["PARA_TEST_SAML_URL"],
    }
    await client.put("/v1/_settings", {f"security.saml.{k}": v for k, v in values.items()})
    fields = await at_the_provider(nobody)
    body = urlencode(fields).encode()
    heads = {**HOST, **FORM, **SCRIPT}
    elsewhere = await nobody.send("POST", "/saml_auth/other", raw=body, headers=heads)
    assert elsewhere.status == 401
    wrong = await post_back(nobody, {**fields, "RelayState": "another"})
    assert wrong.status == 401
    assert (await client.get("/v1/users")).json["totalHits"] == 0


@pytest.mark.service("saml")
async def test_what_is_changed_on_the_way_is_refused(company: Client, nobody: Client) -> None:
    import base64

    for sign in ("assertion", "response"):
        fields = await at_the_provider(nobody, user="bob", sign=sign)
        text = base64.b64decode(fields["SAMLResponse"]).replace(b">bob<", b">eve<")
        forged = {**fields, "SAMLResponse": base64.b64encode(text).decode()}
        refused = await post_back(nobody, forged)
        assert (refused.status, refused.json["message"]) == (401, "Bad credentials.")
    assert (await company.get("/v1/users")).json["totalHits"] == 0


@pytest.mark.service("saml")
async def test_the_app_describes_itself_to_the_provider(company: Client, nobody: Client) -> None:
    del company
    found = await get(nobody, f"{HERE}/saml_metadata/myapp")
    assert found.headers["content-type"] == "text/xml;charset=UTF-8"
    assert etree.fromstring(found.body).get("entityID") == ACS
    assert (await get(nobody, f"{HERE}/saml_metadata/nowhere")).status == 400


# ---- OpenID Connect ---------------------------------------------------------------------------


@pytest.fixture
async def member(app: Client) -> Client:
    """The app, with the issuer as its first generic provider."""
    values = {
        "security.oauth.issuer": os.environ.get("PARA_TEST_OIDC_URL", ""),
        "security.oauth.scope": "openid email profile",
        "oa2_app_id": "shop",
        "oa2_secret": "secret of shop",
    }
    await app.put("/v1/_settings", values)
    return app


async def consent(start: str, login: str) -> dict[str, str]:
    """Walk through the provider's pages and return what it sends the browser back with."""
    async with httpx.AsyncClient(follow_redirects=False) as browser:
        reply = await browser.get(start)
        for _ in range(12):
            if reply.status_code in (302, 303):
                url = str(reply.url.join(reply.headers["location"]))
                if url.startswith(HERE):
                    return dict(parse_qsl(urlsplit(url).query))
                reply = await browser.get(url)
                continue
            assert reply.status_code == 200, reply.text
            action = re.search(r'<form[^>]*action="([^"]*)"', reply.text)
            assert action is not None
            data = {**fields_of(reply.text), "login": login, "password": "x"}
            reply = await browser.post(str(reply.url.join(unescape(action[1]))), data=data)
    raise AssertionError("the provider's pages lead nowhere")


async def started(nobody: Client, login: str) -> tuple[dict[str, str], str]:
    """Begin at our sign-in page; return what comes back from the provider, and the cookie."""
    page = await nobody.send(
        "GET", "/signin", query=[("appid", "myapp")], headers={**HOST, **BROWSER}
    )
    cookie = page.headers["set-cookie"].partition(";")[0]
    link = next(
        unescape(url) for url in re.findall(r'href="([^"]*)"', page.text) if "/oauth2_auth" in url
    )
    start = await get(nobody, link, {**BROWSER, "cookie": cookie})
    assert start.status == 302
    return await consent(start.headers["location"], login), cookie


async def finish(nobody: Client, params: Mapping[str, str], cookie: str = "") -> Reply:
    heads = {**SCRIPT, "cookie": cookie} if cookie else SCRIPT
    return await get(nobody, f"{HERE}/oauth2_auth?{urlencode(params)}", heads)


@pytest.mark.service("oidc")
async def test_people_of_an_issuer_sign_in(member: Client, nobody: Client) -> None:
    back, cookie = await started(nobody, "ann")
    reply = await finish(nobody, back, cookie)
    assert reply.status == 204
    users = (await member.get("/v1/users")).json["items"]
    assert [(one["identifier"], one["email"], one["name"]) for one in users] == [
        ("oa2:ann", "ann@corp.example", "Dr ann")
    ]
    assert users[0]["picture"] == "https://corp.example/ann.png"
    assert (await finish(nobody, back, cookie)).status == 401  # a code counts once


@pytest.mark.service("oidc")
async def test_another_browser_cannot_finish(member: Client, nobody: Client) -> None:
    del member
    back, cookie = await started(nobody, "ann")
    assert (await finish(nobody, back)).status == 401
    _, other = await started(nobody, "eve")
    assert (await finish(nobody, back, other)).status == 401
    assert (await finish(nobody, back, cookie)).status == 204


@pytest.mark.service("oidc")
async def test_a_code_of_another_client_or_with_a_wrong_secret_is_refused(
    member: Client, nobody: Client
) -> None:
    back, cookie = await started(nobody, "ann")
    await member.put("/v1/_settings/oa2_secret", {"value": "wrong"})
    assert (await finish(nobody, back, cookie)).status == 401


@pytest.mark.service("oidc")
async def test_a_front_end_starts_the_flow_itself(member: Client, nobody: Client) -> None:
    """As with the original: the front end makes the address, without a challenge of ours."""
    await member.put("/v1/_settings/oa2_app_id", {"value": "plain"})
    await member.put("/v1/_settings/oa2_secret", {"value": "secret of plain"})
    issuer = os.environ["PARA_TEST_OIDC_URL"]
    asked = {
        "response_type": "code",
        "client_id": "plain",
        "redirect_uri": f"{HERE}/oauth2_auth",
        "scope": "openid email profile",
        "state": "myapp",
    }
    back = await consent(f"{issuer}/auth?{urlencode(asked, quote_via=quote)}", "bob")
    assert back["state"] == "myapp"
    assert (await finish(nobody, back)).status == 204
    users = (await member.get("/v1/users")).json["items"]
    assert [one["identifier"] for one in users] == ["oa2:bob"]


@pytest.mark.service("oidc")
async def test_programs_bring_the_tokens_of_the_issuer(member: Client, nobody: Client) -> None:
    issuer = os.environ["PARA_TEST_OIDC_URL"]

    async def tokens(client: str) -> dict[str, str]:
        asked = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": f"{HERE}/oauth2_auth",
            "scope": "openid email profile",
        }
        back = await consent(f"{issuer}/auth?{urlencode(asked, quote_via=quote)}", "cat")
        form = {
            "grant_type": "authorization_code",
            "code": back["code"],
            "redirect_uri": f"{HERE}/oauth2_auth",
            "client_id": client,
            "client_secret": f"secret of {client}",
        }
        async with httpx.AsyncClient() as program:
            found = (await program.post(f"{issuer}/token", data=form)).json()
        return {name: str(value) for name, value in found.items()}

    await member.put("/v1/_settings/oa2_app_id", {"value": "plain"})
    await member.put("/v1/_settings/oa2_secret", {"value": "secret of plain"})
    own, foreign = await tokens("plain"), await tokens("other")
    good = await sign_in(nobody, own["access_token"], provider="oauth2")
    assert (good.status, good.json["user"]["identifier"]) == (200, "oa2:cat")
    both = f"{own['access_token']}::{own['id_token']}"
    assert (await sign_in(nobody, both, provider="oauth2")).status == 200
    for wrong in (
        foreign["access_token"],
        f"{own['access_token']}::{foreign['id_token']}",
        f"{foreign['access_token']}::{foreign['id_token']}",
        "x",
    ):
        assert (await sign_in(nobody, wrong, provider="oauth2")).status == 400
