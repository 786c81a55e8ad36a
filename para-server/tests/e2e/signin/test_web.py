"""Outside the API: protected paths, forged requests, pages, sign-out, resources of plugins."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest

from para_server.web import csrf

from ..client import Client  # noqa: TID252 - tests have no absolute names
from .people import BROWSER, FORM, PASSWORD, SCRIPT, a_user, bearer, sign_in

ANN = "ann@myapp.test"
HERE = "http://localhost:8080"
TOKEN = "0" * 36
COOKIE = {"cookie": f"XSRF-TOKEN={TOKEN}"}
PROTECTED = {
    "area": ["/area51", "/area51/**", ["MOD", "ADMIN"]],
    "hooks": ["/hooks/**", ["APP"]],
    "broken": "/nowhere",
    "reports": ["/v1/reports/**", ["ADMIN"]],
}


@pytest.fixture
def config_values() -> Mapping[str, object]:
    return {"para.security.protected": PROTECTED}


async def a_member(app: Client, nobody: Client, group: str) -> Client:
    userid = await a_user(app, nobody, ANN)
    user = {"name": "Ann", "identifier": ANN, "email": ANN, "groups": group, "active": True}
    await app.put(f"/v1/users/{userid}", user)
    return bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))


async def test_a_browser_is_sent_to_sign_in_and_remembers_where_it_was(nobody: Client) -> None:
    reply = await nobody.send("GET", "/area51/x", query=[("a", "b")], headers=BROWSER)
    assert (reply.status, reply.headers["location"]) == (302, f"{HERE}/signin")
    cookie = reply.headers["set-cookie"].partition(";")[0].partition("=")
    assert cookie[0] == "para-returnto"
    assert base64.b64decode(cookie[2]).decode() == f"{HERE}/area51/x?a=b"


@pytest.mark.parametrize("path", ["/area51", "/area51/", "/area51/a/b", "/area51%2Fx"])
async def test_every_way_to_write_a_protected_path_is_protected(nobody: Client, path: str) -> None:
    assert (await nobody.send("GET", path, headers=SCRIPT)).status == 401


@pytest.mark.parametrize(
    ("group", "status"), [("users", 403), ("mods", 404), ("admins", 404)], ids=str
)
async def test_a_path_for_some_groups_lets_their_users_pass(
    app: Client, nobody: Client, group: str, status: int
) -> None:
    user = await a_member(app, nobody, group)
    reply = await user.send("GET", "/area51", headers=SCRIPT)
    assert reply.status == status
    if status == 403:
        assert reply.json["message"] == "Access Denied"


async def test_a_user_who_is_not_active_does_not_pass(app: Client, nobody: Client) -> None:
    user = await a_member(app, nobody, "mods")
    userid = (await user.get("/v1/_me")).json["id"]
    await app.patch(f"/v1/users/{userid}", {"active": False})
    assert (await user.send("GET", "/area51", headers=SCRIPT)).status == 401


async def test_a_path_of_the_api_can_be_kept_for_a_group(app: Client, nobody: Client) -> None:
    await app.post("/v1/_batch", [{"type": "report", "id": "r1"}])
    assert (await app.get("/v1/reports/r1")).status == 403
    user = await a_member(app, nobody, "admins")
    assert (await user.get("/v1/reports/r1")).status == 200


@pytest.mark.parametrize(
    "config_values", [{"para.security.ignored": ["/", "/v1/_health"]}], ids=["no setup"]
)
async def test_the_configuration_can_close_what_is_usually_public(
    nobody: Client, root: Client
) -> None:
    assert (await nobody.get("/v1/_setup")).status == 401
    assert (await root.get("/v1/_setup")).status == 200
    assert (await nobody.get("/v1/_health")).status == 200
    assert (await nobody.get("/v1")).status == 200


@pytest.mark.parametrize(
    "config_values", [{"para.security.ignored": ["/", "/v1/utils/**"]}], ids=["open helpers"]
)
async def test_the_configuration_can_open_what_needs_no_app(nobody: Client) -> None:
    assert (await nobody.get("/v1/utils/timestamp")).status == 200
    assert (await nobody.get("/v1/notes")).status == 401


# ---- forged requests -----------------------------------------------------------------------------


async def test_a_request_that_changes_something_needs_a_token(nobody: Client) -> None:
    refused = await nobody.send("POST", "/signout", headers=SCRIPT)
    assert refused.status == 403
    assert "no token was found to compare" in refused.json["message"]
    cookie = refused.headers["set-cookie"].partition(";")[0].partition("=")
    assert (cookie[0], len(cookie[2])) == ("XSRF-TOKEN", 36)
    headers = {**SCRIPT, "cookie": f"XSRF-TOKEN={cookie[2]}", "x-xsrf-token": cookie[2]}
    assert (await nobody.send("POST", "/signout", headers=headers)).status == 302


@pytest.mark.parametrize("given", [csrf.mask(TOKEN), TOKEN], ids=["masked", "as it is"])
async def test_the_token_may_be_masked_and_be_a_field_or_a_header(
    nobody: Client, given: str
) -> None:
    by_header = {**SCRIPT, **COOKIE, "x-xsrf-token": given}
    assert (await nobody.send("POST", "/signout", headers=by_header)).status == 302
    by_field = {**SCRIPT, **COOKIE, **FORM}
    raw = f"_csrf={given}".encode()
    assert (await nobody.send("POST", "/signout", raw=raw, headers=by_field)).status == 302


@pytest.mark.parametrize(
    "given",
    ["", "1" * 36, csrf.mask("1" * 36), "AAAA", "\u00e9"],
    ids=["none", "another", "another masked", "nonsense", "not ASCII"],
)
async def test_another_token_is_refused(nobody: Client, given: str) -> None:
    raw = b"_csrf=" + given.encode()
    reply = await nobody.send("POST", "/signout", raw=raw, headers={**SCRIPT, **COOKIE, **FORM})
    assert (reply.status, reply.json["code"]) == (403, 403)
    assert "Invalid CSRF Token" in reply.json["message"]


async def test_odd_cookies_of_other_programs_disturb_nothing(nobody: Client) -> None:
    odd = f'a={{"b": "c"}}; =x; y; ü=1; XSRF-TOKEN={TOKEN}; d[e]=f'
    headers = {**SCRIPT, "cookie": odd, "x-xsrf-token": TOKEN}
    assert (await nobody.send("POST", "/signout", headers=headers)).status == 302


@pytest.mark.parametrize("path", ["/jwt_auth", "/password_auth", "/vouching_auth"])
async def test_sign_in_needs_no_token(app: Client, nobody: Client, path: str) -> None:
    del app
    reply = await nobody.send("POST", path, {}, query=[("appid", "myapp")], headers=SCRIPT)
    assert reply.status in (400, 401)


@pytest.mark.parametrize(
    "config_values",
    [{"para.security.csrf_protection": "false"}],
    ids=["off"],
)
async def test_without_protection_a_link_signs_out(nobody: Client) -> None:
    reply = await nobody.send("GET", "/signout", headers=BROWSER)
    assert (reply.status, reply.headers["location"]) == (302, f"{HERE}/signin")
    assert reply.headers["set-cookie"].startswith("para-auth=;Path=/;Expires=Thu, 01-Jan-1970")


@pytest.mark.parametrize(
    "config_values", [{"para.security.csrf_protection_with_spa": "true"}], ids=["one script"]
)
async def test_pages_of_one_script_get_the_token_with_the_first_answer(nobody: Client) -> None:
    reply = await nobody.send("GET", "/", headers=BROWSER)
    assert reply.headers["set-cookie"].startswith("XSRF-TOKEN=")
    again = await nobody.send("GET", "/", headers={**BROWSER, **COOKIE})
    assert "set-cookie" not in again.headers


# ---- pages ---------------------------------------------------------------------------------------


async def test_the_sign_in_page_names_the_app_and_runs_no_script(
    app: Client, nobody: Client
) -> None:
    await app.patch("/v1/apps/myapp", {"name": "My <App>"})
    page = await nobody.send("GET", "/signin", query=[("appid", "myapp")], headers=BROWSER)
    assert page.status == 401
    assert "Sign in to My &lt;App&gt;" in page.text
    assert 'action="/password_auth?appid=myapp"' in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_the_sign_in_page_repeats_nothing_unescaped(nobody: Client) -> None:
    evil = '"><script>alert(1)</script>'
    query = [("error", evil), ("returnto", evil), ("appid", evil)]
    page = await nobody.send("GET", "/signin", query=query, headers=BROWSER)
    assert "That did not work" in page.text
    assert "<script" not in page.text


async def test_pages_can_only_be_looked_at(nobody: Client) -> None:
    headers = {**SCRIPT, **COOKIE, "x-xsrf-token": TOKEN}
    reply = await nobody.send("DELETE", "/signin", headers=headers)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/error/403", 403), ("/error/999", 404), ("/error", 500), ("/not-found", 404)],
)
async def test_error_pages_say_what_is_wrong(nobody: Client, path: str, status: int) -> None:
    page = await nobody.send("GET", path, headers=BROWSER)
    assert (page.status, page.headers["content-type"]) == (status, "text/html;charset=UTF-8")
    reply = await nobody.send("GET", path, headers=SCRIPT)
    assert (reply.status, reply.json["code"]) == (status, status)


@pytest.mark.parametrize("path", ["/nothing", "/area510", "/saml_auth/", "/error/a/b"])
async def test_an_unknown_path_is_not_found_in_the_envelope(nobody: Client, path: str) -> None:
    reply = await nobody.send("GET", path, headers=BROWSER)
    assert (reply.status, reply.json) == (404, {"code": 404, "message": "Not Found"})


@pytest.mark.parametrize("path", ["/a/../signin", "/./signin", "/a/%2e%2e/signin"])
async def test_a_path_with_dots_is_refused(nobody: Client, path: str) -> None:
    assert (await nobody.send("GET", path, headers=BROWSER)).status == 400


async def test_scripts_of_other_sites_may_read_the_answers_of_jwt_auth(nobody: Client) -> None:
    origin = {"origin": "https://my.test", "access-control-request-method": "POST"}
    asked = await nobody.send("OPTIONS", "/jwt_auth", headers=origin)
    assert asked.headers["access-control-allow-origin"] == "*"
    reply = await nobody.send("POST", "/jwt_auth", {}, headers={"origin": "https://my.test"})
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["x-content-type-options"] == "nosniff"
