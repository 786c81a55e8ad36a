"""Keys of the pages and cookies outside the API, each with what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import pytest
from starlette.types import Receive, Scope, Send

from para_core.extensions import ResourceHandler

from ..client import Client, Reply  # noqa: TID252 - tests have no absolute names
from .people import BROWSER, FORM, PASSWORD, SCRIPT, a_user, bearer, sign_in

ANN = "ann@myapp.test"
TOKEN = {"cookie": "XSRF-TOKEN=" + "0" * 36, "x-xsrf-token": "0" * 36}
PROTECTED = {"area": ["/area51", ["MOD"]]}


@pytest.fixture
def config_values(request: pytest.FixtureRequest) -> Mapping[str, object]:
    return {"para.security.protected": PROTECTED, **getattr(request, "param", {})}


async def sorry(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell the page for those who are refused."""
    assert (await receive())["body"] == b""
    text = f"{scope['method']} {scope['path']}: ask for access".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text})


@pytest.fixture
def resources() -> list[ResourceHandler]:
    return [ResourceHandler("/sorry", sorry, methods=("GET",))]


async def refused(app: Client, nobody: Client, heads: dict[str, str], method: str = "GET") -> Reply:
    await a_user(app, nobody, ANN)
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    return await user.send(method, "/area51", headers={**heads, **TOKEN})


async def by_form(nobody: Client, password: str) -> Reply:
    form = urlencode({"email": ANN, "password": password}).encode()
    asked, heads = [("appid", "myapp")], {**FORM, **BROWSER}
    return await nobody.send("POST", "/password_auth", raw=form, query=asked, headers=heads)


@pytest.mark.parametrize(
    "config_values", [{"para.security.access_denied": "/sorry"}], indirect=True, ids=["own page"]
)
async def test_who_is_refused_sees_the_page_that_is_configured(app: Client, nobody: Client) -> None:
    reply = await refused(app, nobody, BROWSER, "POST")
    assert (reply.status, reply.text) == (403, "GET /sorry: ask for access")
    assert (await refused(app, nobody, SCRIPT)).json["message"] == "Access Denied"


@pytest.mark.parametrize(
    "config_values",
    [{}, {"para.security.access_denied": "/nowhere"}],
    indirect=True,
    ids=["usual", "nothing there"],
)
async def test_who_is_refused_otherwise_sees_ours(app: Client, nobody: Client) -> None:
    reply = await refused(app, nobody, BROWSER)
    assert reply.status == 403
    assert reply.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "config_values",
    [{"para.returnto_cookie": "back-to", "para.security.signin": "/come-in"}],
    indirect=True,
    ids=["renamed"],
)
async def test_where_people_sign_in_and_what_remembers_where_they_were(nobody: Client) -> None:
    reply = await nobody.send("GET", "/area51", headers=BROWSER)
    assert reply.headers["location"].endswith("/come-in")
    assert reply.headers["set-cookie"].startswith("back-to=")


@pytest.mark.parametrize(
    "config_values", [{"para.auth_cookie": "my-session"}], indirect=True, ids=["renamed"]
)
async def test_the_cookie_that_leaving_forgets(nobody: Client) -> None:
    reply = await nobody.send("POST", "/signout", headers={**BROWSER, **TOKEN})
    assert reply.status == 302
    assert reply.headers["set-cookie"].startswith("my-session=;")


@pytest.mark.parametrize(
    "config_values", [{"para.security.signin_failure": "/again"}], indirect=True, ids=["own"]
)
async def test_where_people_go_who_are_not_let_in(app: Client, nobody: Client) -> None:
    await a_user(app, nobody, ANN)
    reply = await by_form(nobody, "a wrong one")
    assert (reply.status, reply.headers["location"]) == (302, "http://localhost:8080/again")
