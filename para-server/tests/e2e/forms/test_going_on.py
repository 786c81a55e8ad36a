"""``POST /v1/_forms/{appid}/{formid}``: where the visitor goes on to, and what pages see."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from para_server.para import Para

from ...signin.web import Told  # noqa: TID252
from ..client import Client  # noqa: TID252
from .kit import FIELDS, FORM, PATH, SECRET, Verifier, submit


async def test_the_visitor_goes_on_to_where_the_form_says(app: Client, nobody: Client) -> None:
    await app.post("/v1/form", {**FORM, "redirectTo": "https://orchard.test/thanks?a=1#end"})
    answer = await submit(nobody)
    assert (answer.status, answer.body) == (302, b"")
    assert answer.headers["location"] == "https://orchard.test/thanks?a=1#end"
    answer = await submit(nobody, {**FIELDS, "name": "", "email": "\n&status=200#"})
    assert answer.status == 302
    place = urlsplit(answer.headers["location"])
    assert (place.netloc, place.path, place.fragment) == ("orchard.test", "/thanks", "end")
    told = parse_qs(place.query)
    assert (told["a"], told["status"]) == (["1"], ["400"])
    assert told["message"] == [
        "Invalid form data: 'name' must not be blank, Invalid email '&status=200#'."
    ]


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(
    "target", ["ftp://orchard.test/", "mailto:a@b.co", "file:///etc/passwd", "JAVASCRIPT:x()"]
)
async def test_only_the_web_is_gone_on_to(para: Para, nobody: Client, target: str) -> None:
    myapp = await para.services.apps.find("myapp")
    assert myapp is not None
    await para.services.objects.change(
        myapp, "contact", lambda form: setattr(form, "redirect_to", target)
    )
    assert (await submit(nobody)).status == 200


@pytest.mark.usefixtures("app")
async def test_from_a_form_that_is_not_there_back_to_the_page(nobody: Client) -> None:
    path, page = "/v1/_forms/myapp/gone", "https://orchard.test/contact"
    answer = await submit(nobody, path=path, referer=page)
    assert answer.status == 302
    assert answer.headers["location"] == f"{page}?status=404&message=Form+%27gone%27+not+found."
    answer = await submit(nobody, path="/v1/_forms/nobody/gone", referer=page)
    assert answer.status == 302
    assert answer.headers["location"].startswith(f"{page}?status=400&message=Invalid")
    for odd in ("javascript:alert(1)", "/contact", "https://a b/", "//x.y"):
        assert (await submit(nobody, path=path, referer=odd)).status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_form_is_only_sent(nobody: Client, method: str) -> None:
    answer = await nobody.send(method, PATH)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.usefixtures("form")
async def test_a_page_elsewhere_may_read_the_answer(nobody: Client) -> None:
    answer = await submit(nobody, origin="https://orchard.test")
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("more_config", [{"para.security.ignored": ["/"]}], ids=[""])
async def test_forms_can_be_closed_to_strangers(nobody: Client) -> None:
    assert (await submit(nobody)).status == 401


async def test_the_secret_of_a_form_is_for_the_app_alone(
    para: Para, app: Client, nobody: Client, form: dict[str, Any], verifier: Verifier
) -> None:
    await app.put("/v1/_permissions/*/form", ["?", "GET"])
    shown = await Client(para, guest_of="app:myapp").get("/v1/form/contact")
    assert shown.status == 200
    assert SECRET.encode() not in shown.body
    verifier.told = Told(500, b"oops")
    assert SECRET.encode() not in (await submit(nobody)).body
    assert msgspec.json.decode(shown.body)["formActionURI"] == form["formActionURI"]
