"""``POST /v1/_forms/{appid}/{formid}``: what is not taken, and what guards it."""

from __future__ import annotations

import asyncio

import pytest

from para_server.config import ApiSettings
from para_server.para import Para

from ...mail.recorder import Recorder  # noqa: TID252 - tests have no absolute names
from ...signin.web import Told  # noqa: TID252
from ..client import Client  # noqa: TID252
from ..signin.people import Clock  # noqa: TID252
from .kit import (
    BOUNDARY,
    FIELDS,
    FORM,
    PATH,
    SECRET,
    SECRETS,
    SOLVED,
    Verifier,
    multipart,
    submit,
)


@pytest.mark.parametrize(
    "response", [None, "", "guessed", "x" * 9000], ids=["none", "blank", "wrong", "long"]
)
async def test_without_a_solved_puzzle_nothing_is_taken(
    app: Client, nobody: Client, emailer: Recorder, response: str | None
) -> None:
    await app.post("/v1/form", {**FORM, "messageStorageEnabled": True})
    fields = dict(FIELDS)
    del fields["g-recaptcha-response"]
    if response is not None:
        fields["g-recaptcha-response"] = response
    answer = await submit(nobody, fields)
    message = "Form validation failed due to invalid CAPTCHA response."
    assert (answer.status, answer.json["message"]) == (403, message)
    assert emailer.sent == []
    assert (await app.get("/v1/formdata")).json["items"] == []


async def test_a_form_without_a_secret_takes_nothing(
    para: Para, app: Client, nobody: Client, verifier: Verifier
) -> None:
    await app.post("/v1/form", FORM)
    record = await para.services.store.read("myapp", "contact")
    assert record is not None
    answer = await app.send("PUT", "/v1/form/contact", {**FORM, "captchaSecretKey": " "})
    assert answer.status == 400  # the rule for forms
    myapp = await para.services.apps.find("myapp")
    assert myapp is not None
    await para.services.objects.change(
        myapp, "contact", lambda form: setattr(form, "captcha_secret_key", None)
    )
    assert (await submit(nobody)).status == 403
    assert verifier.asked == []


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(
    "told",
    [
        Told(500, b"oops"),
        Told(200, b"{}"),
        Told(200, b'{"success":"true"}'),
        Told(200, b"\xff"),
        Told(raw=b"nonsense"),
        Told(302, headers={"location": "http://127.0.0.1:1/"}),
    ],
    ids=["error", "nothing", "another type", "no text", "no HTTP", "elsewhere"],
)
async def test_a_captcha_service_that_fails_lets_nobody_in(
    nobody: Client, verifier: Verifier, emailer: Recorder, told: Told
) -> None:
    verifier.told = told
    answer = await submit(nobody)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert emailer.sent == []


@pytest.mark.parametrize(
    "name", ["g-recaptcha-response", "h-captcha-response", "cf-turnstile-response"]
)
@pytest.mark.parametrize(("secret", "path"), SECRETS.items(), ids=SECRETS.values())
async def test_no_visitor_chooses_who_hears_the_secret_of_a_form(  # noqa: PLR0913, PLR0917
    app: Client, nobody: Client, verifier: Verifier, secret: str, path: str, name: str
) -> None:
    await app.post("/v1/form", {**FORM, "captchaSecretKey": secret})
    await submit(nobody, {"name": "Bob", "message": "Tea?", name: SOLVED})
    assert {asked.path for asked in verifier.asked} <= {path}


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("more_config", [{"para.captcha.service": ""}], ids=[""])
async def test_a_secret_that_may_be_of_any_service_is_told_to_none(
    nobody: Client, verifier: Verifier, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await submit(nobody)).status == 403
    assert verifier.asked == []
    assert "para.captcha.service" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("more_config", [{"para.outbound.timeout_ms": "200"}], ids=[""])
async def test_a_captcha_service_that_hangs_has_a_limit(
    nobody: Client, verifier: Verifier, emailer: Recorder
) -> None:
    verifier.held = asyncio.Event()
    async with asyncio.timeout(5):
        assert (await submit(nobody)).status == 503
    verifier.held.set()
    assert emailer.sent == []


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "'name' must not be blank, 'message' must not be blank"),
        ({"name": "x" * 256, "message": "x"}, "'name' size must be between 0 and 255"),
        (
            {"name": "x", "message": "x" * 10_001},
            "'message' size must be between 0 and 10000",
        ),
        ({"name": "x", "message": "x", "email": "me"}, "Invalid email 'me'."),
    ],
    ids=["nothing", "a long name", "a long message", "a bad address"],
)
async def test_what_breaks_a_rule_is_refused(
    nobody: Client,
    verifier: Verifier,
    fields: dict[str, str],
    message: str,
) -> None:
    answer = await submit(nobody, {**fields, "g-recaptcha-response": SOLVED})
    assert (answer.status, answer.json["message"]) == (400, f"Invalid form data: {message}")
    assert verifier.asked == []


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/x-www-form-urlencoded", "text/plain", ""],
)
async def test_another_content_type_is_told_which_it_should_be(nobody: Client, kind: str) -> None:
    answer = await nobody.send("POST", PATH, raw=b"name=x", headers={"content-type": kind})
    assert (answer.status, answer.headers["accept"]) == (415, "multipart/form-data")
    assert answer.json == {"code": 415, "message": "Unsupported Media Type"}


BROKEN = {
    "no boundary": ("multipart/form-data", b""),
    "a long boundary": (f"multipart/form-data; boundary={'x' * 71}", b""),
    "a boundary of another kind": ('multipart/form-data; boundary="a\xe9"', b""),
    "nonsense": (f"multipart/form-data; boundary={BOUNDARY}", b"nonsense"),
    "no name": (
        f"multipart/form-data; boundary={BOUNDARY}",
        f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
    ),
    "many fields": (
        f"multipart/form-data; boundary={BOUNDARY}",
        multipart({f"field{number}": "x" for number in range(51)}),
    ),
    "a large field": (
        f"multipart/form-data; boundary={BOUNDARY}",
        multipart({"message": "x" * 70_000}),
    ),
}


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(("kind", "body"), BROKEN.values(), ids=BROKEN)
async def test_what_is_no_form_is_refused(nobody: Client, kind: str, body: bytes) -> None:
    answer = await nobody.send("POST", PATH, raw=body or b"-", headers={"content-type": kind})
    assert (answer.status, answer.json["message"]) == (400, "Invalid form data.")


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("charset", ["utf-16", "punycode", "hex", "nonsense"])
async def test_a_charset_chooses_no_decoder(
    nobody: Client, emailer: Recorder, charset: str
) -> None:
    kind = f"multipart/form-data; charset={charset}; boundary={BOUNDARY}"
    answer = await nobody.send("POST", PATH, raw=multipart(FIELDS), headers={"content-type": kind})
    assert answer.status == 200
    assert emailer.sent[0].reply_to == "bob@b.co"


@pytest.mark.usefixtures("form")
async def test_what_is_not_there(nobody: Client, app: Client) -> None:
    await app.post("/v1/cat", {"id": "tom", "name": "Tom"})
    for path, status, message in (
        ("/v1/_forms/myapp/other", 404, "Form 'other' not found."),
        ("/v1/_forms/myapp/tom", 404, "Form 'tom' not found."),
        ("/v1/_forms/other/contact", 400, "Invalid form data: unknown app."),
    ):
        answer = await submit(nobody, path=path)
        assert (answer.status, answer.json["message"]) == (status, message)
    assert (await submit(nobody, path="/v1/_forms/app:myapp/contact")).status == 200


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(("state", "value"), [("active", False), ("read_only", True)])
async def test_the_state_of_the_app_holds_for_visitors(
    para: Para,
    nobody: Client,
    emailer: Recorder,
    state: str,
    *,
    value: bool,
) -> None:
    await para.services.apps.change("myapp", lambda app: setattr(app, state, value))
    assert (await submit(nobody)).status == 403
    assert emailer.sent == []


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(
    "settings",
    [
        ApiSettings(
            root_secret_override="root-secret-of-the-tests-0123456789-0123456789",  # noqa: S106
            max_entity_size_bytes=100_000,
            mail_max_attachment_bytes=200_000,
        )
    ],
    ids=[""],
)
async def test_files_and_forms_have_a_largest_size(nobody: Client, emailer: Recorder) -> None:
    sizes = {200_000: 200, 200_001: 400, 250_000: 400, 300_001: 400, 5_000_000: 400}
    answers = {size: await submit(nobody, file=("x", "image/png", b"x" * size)) for size in sizes}
    assert {size: answer.status for size, answer in answers.items()} == sizes
    told = "Invalid form data: 'file' must not be larger than 195 KB"
    assert answers[250_000].json["message"] == told
    assert answers[300_001].json["message"] == "Request is too large - the maximum is 292 KB."
    assert len(emailer.sent) == 1


@pytest.mark.usefixtures("form")
async def test_uploads_of_strangers_have_room_for_some(
    nobody: Client, verifier: Verifier, emailer: Recorder
) -> None:
    verifier.held = asyncio.Event()
    file = ("x", "image/png", b"x" * 10_000_000)
    waiting = [asyncio.create_task(submit(nobody, file=file)) for _ in range(13)]
    async with asyncio.timeout(10):
        for _ in waiting:
            await verifier.arrived.acquire()
    assert (await submit(nobody, file=file)).status == 503
    small = asyncio.create_task(submit(nobody))
    verifier.held.set()
    assert [answer.status for answer in await asyncio.gather(*waiting, small)] == [200] * 14
    assert (await submit(nobody, file=file)).status == 200
    assert len(emailer.sent) == 15


@pytest.mark.usefixtures("form")
async def test_forms_and_mails_have_one_limit(
    app: Client, nobody: Client, emailer: Recorder, clock: Clock
) -> None:
    clock.ahead_ms += 60_000 - clock() % 60_000  # a minute begins
    mail = {"name": "Bob", "message": "Tea?", "toEmails": ["ann@orchard.test"]}
    for _ in range(99):
        await app.post("/v1/_emails", mail)
    wrong = {**FIELDS, "g-recaptcha-response": "guessed"}
    assert [(await submit(nobody, wrong)).status for _ in range(5)] == [403] * 5
    assert [(await submit(nobody)).status for _ in range(2)] == [200, 429]
    assert len(emailer.sent) == 100
