"""Browsers: where they are sent, by whose word, and where never."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from para_core.contracts.signin import Profile

from ..client import Client, Reply  # noqa: TID252 - tests have no absolute names
from .people import BROWSER, FORM, PASSWORD, SCRIPT, Vouching, a_user, jwt, sign_in

ANN = "ann@myapp.test"
HERE = "http://localhost:8080"


@pytest.fixture
async def userid(app: Client, nobody: Client) -> str:
    return await a_user(app, nobody, ANN)


async def submit(
    nobody: Client,
    *,
    typed: str = PASSWORD,
    appid: str = "myapp",
    headers: dict[str, str] | None = None,
    query: Sequence[tuple[str, str]] = (),
) -> Reply:
    form = urlencode({"email": ANN, "password": typed}).encode()
    asked = [("appid", appid), *query] if appid else query
    heads = {**FORM, **BROWSER, **(headers or {})}
    return await nobody.send("POST", "/password_auth", raw=form, query=asked, headers=heads)


async def leads_to(
    app: Client,
    nobody: Client,
    settings: Mapping[str, object],
    query: Sequence[tuple[str, str]] = (),
) -> str:
    await app.put("/v1/_settings", settings)
    reply = await submit(nobody, query=query)
    assert reply.status == 302
    return reply.headers["location"]


async def test_a_browser_goes_on_to_the_start_page(userid: str, nobody: Client) -> None:
    del userid
    reply = await submit(nobody)
    assert (reply.status, reply.headers["location"]) == (302, f"{HERE}/")
    assert "set-cookie" not in reply.headers
    assert reply.headers["x-frame-options"] == "DENY"


async def test_a_script_gets_a_status(userid: str, nobody: Client) -> None:
    assert (await submit(nobody, headers=SCRIPT)).status == 204
    failed = await submit(nobody, typed="wrong-password", headers=SCRIPT)
    assert (failed.status, failed.json["message"]) == (401, "Bad credentials.")
    del userid


async def test_the_app_gets_a_token_where_it_asks_for_one(
    userid: str, app: Client, nobody: Client
) -> None:
    target = await leads_to(app, nobody, {"signin_success": "https://my.test/in?jwt=?&x=1"})
    assert target.startswith("https://my.test/in?jwt=eyJ")
    token = parse_qs(urlsplit(target).query)["jwt"][0]
    assert (await Client(nobody.para, token=token).get("/v1/_me")).json["id"] == userid


async def test_an_identity_token_can_be_exchanged_and_opens_nothing(
    userid: str, app: Client, nobody: Client
) -> None:
    target = await leads_to(app, nobody, {"signin_success": "https://my.test/in?jwt=id"})
    token = parse_qs(urlsplit(target).query)["jwt"][0]
    assert (await Client(nobody.para, token=token).get("/v1/_me")).status == 401
    exchanged = await sign_in(nobody, token, provider="passwordless")
    assert (exchanged.status, exchanged.json["user"]["id"]) == (200, userid)
    again = await sign_in(nobody, token, provider="passwordless")
    assert again.status == 400  # the new session has ended it


async def test_the_host_of_an_alias_replaces_the_host_of_the_target(
    userid: str, app: Client, nobody: Client
) -> None:
    del userid
    settings = {
        "signin_success": "https://my.test/in?a=b",
        "security.hosturl_aliases": "https://one.test, https://two.test:8443, ftp://three.test",
    }
    on_two = await leads_to(app, nobody, settings, [("host_url", "https://two.test:8443")])
    assert on_two == "https://two.test:8443/in?a=b"
    by_state = await leads_to(app, nobody, settings, [("state", "app:myapp|0")])
    assert by_state == "https://one.test/in?a=b"
    own = await leads_to(app, nobody, settings, [("host_url", "https://my.test")])
    assert own == "https://my.test/in?a=b"


@pytest.mark.parametrize(
    "number", ["1", "-1", "x", "", "9" * 5000, "0" * 5000], ids=lambda number: number[:4]
)
async def test_the_number_of_no_alias_leaves_the_target(
    userid: str, app: Client, nobody: Client, number: str
) -> None:
    """Python makes no integers of more than 4300 digits, and answered 500."""
    del userid
    settings = {
        "signin_success": "https://my.test/in",
        "security.hosturl_aliases": "https://one.test",
    }
    target = await leads_to(app, nobody, settings, [("state", f"app:myapp|{number}")])
    assert target == "https://my.test/in"


@pytest.mark.parametrize(
    "host_url",
    [
        "https://one.test.evil.test",
        "https://one.test@evil.test",
        "https://one.test:444",
        "http://one.test",
        "https://my.test.evil.test",
        "//evil.test",
        "https://evil.test\\@one.test",
        "javascript:alert(1)",
    ],
)
async def test_no_token_leaves_for_a_host_that_looks_alike(
    userid: str, app: Client, nobody: Client, host_url: str
) -> None:
    del userid
    settings = {
        "signin_success": "https://my.test/in?jwt=?",
        "security.hosturl_aliases": "https://one.test",
    }
    target = await leads_to(app, nobody, settings, [("host_url", host_url)])
    assert target in ("https://my.test", "https://my.test/in?jwt=?") or target.startswith(
        "https://my.test/"
    )
    assert "evil" not in target


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/notes/1?a=b", f"{HERE}/notes/1?a=b"),
        (f"{HERE}/notes", f"{HERE}/notes"),
        ("https://alias.test/x", "https://alias.test/x"),
        ("https://evil.test/x", f"{HERE}/"),
        ("//evil.test/x", f"{HERE}/"),
        ("/\\evil.test", f"{HERE}/"),
        ("https:evil.test", f"{HERE}/"),
        ("http://localhost:8080.evil.test", f"{HERE}/"),
        ("/a\r\nSet-Cookie: b=c", f"{HERE}/"),
        ("javascript:alert(1)", f"{HERE}/"),
    ],
)
async def test_a_browser_returns_to_pages_of_the_app_only(
    userid: str, app: Client, nobody: Client, asked: str, expected: str
) -> None:
    del userid
    await app.put("/v1/_settings", {"security.hosturl_aliases": "https://alias.test"})
    by_parameter = await submit(nobody, query=[("returnto", asked)])
    assert by_parameter.headers["location"] == expected
    cookie = base64.b64encode(asked.encode()).decode()
    by_cookie = await submit(nobody, headers={"cookie": f"para-returnto={cookie}"})
    assert by_cookie.headers["location"] == expected
    assert "para-returnto=;" in by_cookie.headers["set-cookie"]


async def test_the_app_learns_the_cause_of_a_failure_encoded(
    userid: str, app: Client, nobody: Client
) -> None:
    await app.put("/v1/_settings", {"signin_failure": "https://my.test/out?cause=?&b=1"})
    failed = await submit(nobody, typed="wrong-password")
    assert failed.headers["location"] == "https://my.test/out?cause=Bad%20credentials.&b=1"
    await app.patch(f"/v1/users/{userid}", {"active": False})
    off = await submit(nobody)
    assert f"cause=Account%20{userid}%20%28myapp%2Fann%40myapp.test%29" in off.headers["location"]


async def test_a_failed_try_on_the_sign_in_page_comes_back_to_it(
    userid: str, nobody: Client
) -> None:
    del userid
    query = [("own_page", "1"), ("returnto", "/notes")]
    failed = await submit(nobody, typed="wrong-password", query=query)
    expected = f"{HERE}/signin?error=&returnto=%2Fnotes&appid=myapp"
    assert failed.headers["location"] == expected


async def test_an_app_that_is_off_signs_nobody_in(
    userid: str, root: Client, nobody: Client
) -> None:
    del userid
    await root.patch("/v1/apps/app:myapp", {"active": False})
    refused = await submit(nobody, headers=SCRIPT)
    assert (refused.status, refused.json["message"]) == (403, "App not active. [app:myapp]")


async def test_the_redirect_address_is_what_the_provider_must_know(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    vouching.profiles["token"] = Profile(identifier="custom:ann", email=ANN)
    query = [("code", "token"), ("state", "app:myapp|0")]
    reply = await nobody.send("GET", "/vouching_auth", query=query, headers=BROWSER)
    assert (reply.status, reply.headers["location"]) == (302, f"{HERE}/")
    assert (await app.get("/v1/_id/custom:ann")).status == 200


async def test_what_one_browser_starts_another_cannot_finish(
    app: Client, nobody: Client, vouching: Vouching
) -> None:
    vouching.profiles["token"] = Profile(identifier="custom:ann", email=ANN)
    await app.put("/v1/_settings", {"vouching_app_id": "id"})
    page = await nobody.send("GET", "/signin", query=[("appid", "myapp")], headers=BROWSER)
    link = page.text.partition('class="way" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert link.startswith("https://vouching.test/start?")
    state = parse_qs(urlsplit(link).query)["state"][0]
    cookie = page.headers["set-cookie"].partition(";")[0]
    query = [("code", "token"), ("state", state)]
    stranger = await nobody.send("GET", "/vouching_auth", query=query, headers=SCRIPT)
    assert stranger.status == 401
    own = {**SCRIPT, "cookie": cookie}
    assert (await nobody.send("GET", "/vouching_auth", query=query, headers=own)).status == 204


CLAIMS = {"identifier": "custom:vera", "email": "vera@myapp.test", "exp": 4102444800}


@pytest.fixture
def config_values() -> dict[str, object]:
    return {"para.security.returnto": "returnto"}


async def test_a_token_of_the_app_becomes_a_cookie(app: Client, nobody: Client) -> None:
    await app.put("/v1/_settings", {"returnto": "https://my.test/welcome"})
    query = [("appid", "myapp"), ("token", jwt(CLAIMS, app.secret))]
    headers = {**BROWSER, "x-forwarded-proto": "https"}
    reply = await nobody.send("GET", "/passwordless_auth", query=query, headers=headers)
    assert (reply.status, reply.headers["location"]) == (302, "https://my.test/welcome")
    cookie = reply.headers["set-cookie"].split(";")
    assert cookie[0].startswith("myapp-auth=eyJ")
    assert cookie[1] == "Path=/"
    assert cookie[3:] == ["Max-Age=86400", "HttpOnly", "Secure", "SameSite=Strict"]
    user = Client(nobody.para, token=cookie[0].partition("=")[2])
    assert (await user.get("/v1/_me")).json["identifier"] == "custom:vera"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("Lax", "SameSite=Lax"), ("none", "SameSite=None"), ("x;Domain=evil.test", "SameSite=Strict")],
    ids=["Lax", "none", "nonsense"],
)
async def test_a_cookie_is_of_no_other_kind_than_there_are(
    app: Client, nobody: Client, asked: str, expected: str
) -> None:
    await app.put("/v1/_settings", {"returnto": "https://my.test/welcome"})
    query = [("token", jwt({**CLAIMS, "appid": "myapp"}, app.secret)), ("sameSiteCookie", asked)]
    reply = await nobody.send("GET", "/passwordless_auth", query=query, headers=BROWSER)
    assert reply.headers["set-cookie"].endswith(expected)


async def test_a_cookie_is_not_set_without_a_place_to_go(app: Client, nobody: Client) -> None:
    query = [("appid", "myapp"), ("token", jwt(CLAIMS, app.secret))]
    reply = await nobody.send("GET", "/passwordless_auth", query=query, headers=SCRIPT)
    assert reply.status == 400
    assert "redirect URL must be absolute" in reply.json["message"]
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/password_auth", "/vouching_auth", "/vouching_auth/"])
async def test_who_only_looks_at_an_endpoint_is_not_signed_in(
    userid: str, nobody: Client, vouching: Vouching, path: str, method: str
) -> None:
    vouching.profiles["token"] = Profile(identifier="custom:bob", email="bob@myapp.test")
    session = await sign_in(nobody, f"{ANN}::{PASSWORD}")
    query = [("appid", "myapp"), ("code", "token"), ("email", ANN), ("password", PASSWORD)]
    reply = await nobody.send(method, path, query=query, headers=SCRIPT)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")
    user = Client(nobody.para, token=session.json["jwt"]["access_token"])
    assert (await user.get("/v1/_me")).json["id"] == userid
    assert (await nobody.send("GET", path, query=query, headers=SCRIPT)).status == 204
