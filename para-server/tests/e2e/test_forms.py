"""``POST /v1/_forms/{appid}/{formid}``: what visitors send, what guards it, where they go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from para_core.config import Config
from para_server.config import ApiSettings
from para_server.para import Para

from ..mail.recorder import Recorder  # noqa: TID252 - tests have no absolute names
from ..signin.web import Asked, Told, json_of, web  # noqa: TID252
from .backends import MEMORY, backends
from .client import Client, Reply
from .signin.people import Clock

SECRET, SOLVED = "shared with the service", "a solved puzzle"
FORM: dict[str, Any] = {
    "type": "form",
    "id": "contact",
    "name": "Contact",
    "captchaSecretKey": SECRET,
    "notifyEmails": ["ann@orchard.test", "cid@orchard.test"],
}
FIELDS = {
    "name": "Bob",
    "email": "bob@b.co",
    "message": "Tea?\r\n<b>Now</b>",
    "g-recaptcha-response": SOLVED,
}
PATH = "/v1/_forms/myapp/contact"
BOUNDARY = "----of-the-tests"


@dataclass
class Verifier:
    """What a captcha service is asked and says."""

    asked: list[Asked] = field(default_factory=list)
    told: Told | None = None
    held: asyncio.Event | None = None
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def answer(self, asked: Asked) -> Told:
        self.asked.append(asked)
        self.arrived.release()
        if self.held is not None:
            await self.held.wait()
        is_solved = asked.form == {"secret": SECRET, "response": SOLVED}
        return self.told or json_of({"success": is_solved, "hostname": "orchard.test"})


@pytest.fixture
def emailer() -> Recorder:
    return Recorder()


@pytest.fixture
def verifier() -> Verifier:
    return Verifier()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def more_config() -> Mapping[str, object]:
    return {}


@pytest.fixture
async def para(  # noqa: PLR0913, PLR0917 - one fixture for each thing that tests replace
    settings: ApiSettings,
    emailer: Recorder,
    verifier: Verifier,
    clock: Clock,
    more_config: Mapping[str, object],
    tmp_path: Path,
) -> AsyncIterator[Para]:
    async with web(verifier.answer) as service, backends(MEMORY, tmp_path) as made:
        made.emailer = emailer
        paths = {"recaptcha": "/re", "hcaptcha": "/h", "turnstile": "/cf"}
        urls = {f"para.captcha.{name}_url": service.url + path for name, path in paths.items()}
        config = Config({**urls, **more_config})
        async with Para(settings, made, config=config, clock=clock) as para:
            yield para


@pytest.fixture
async def form(app: Client) -> dict[str, Any]:
    made = await app.post("/v1/form", FORM)
    assert made.status == 201
    return dict(made.json)


def multipart(fields: Mapping[str, str], file: tuple[str, str, bytes] | None = None) -> bytes:
    """Return a body as browsers make it."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if file is not None:
        name, kind, content = file
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"'
        parts.append(f"{head}\r\nContent-Type: {kind}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


async def submit(
    client: Client,
    fields: Mapping[str, str] = FIELDS,
    *,
    path: str = PATH,
    file: tuple[str, str, bytes] | None = None,
    **headers: str,
) -> Reply:
    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return await client.send("POST", path, raw=multipart(fields, file), headers={**kind, **headers})


# ---- what arrives -------------------------------------------------------------------------------


async def test_a_form_becomes_a_mail(
    nobody: Client, form: dict[str, Any], emailer: Recorder, verifier: Verifier
) -> None:
    assert form["formActionURI"] == PATH
    answer = await submit(nobody)
    assert (answer.status, answer.body) == (200, b"")
    [sent] = emailer.sent
    assert (sent.appid, sent.recipients) == ("myapp", FORM["notifyEmails"])
    assert (sent.subject, sent.reply_to) == (
        "Contact: New message from Bob <bob@b.co>",
        "bob@b.co",
    )
    assert sent.html.startswith("<p>Tea?<br>\nNow</p>")
    [asked] = verifier.asked
    assert (asked.method, asked.path) == ("POST", "/re")


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(
    ("name", "path"), [("h-captcha-response", "/h"), ("cf-turnstile-response", "/cf")]
)
async def test_each_captcha_service_is_asked_about_its_own_field(
    nobody: Client, verifier: Verifier, name: str, path: str
) -> None:
    fields = {"name": "Bob", "message": "Tea?", "g-recaptcha-response": "", name: SOLVED}
    assert (await submit(nobody, fields)).status == 200
    assert [asked.path for asked in verifier.asked] == [path]


@pytest.mark.parametrize(
    ("more", "start"),
    [
        ({"plaintextOnly": False, "markdownEnabled": True}, "<p>*Tea*".replace("*Tea*", "<em>Tea")),
        ({"plaintextOnly": False}, "*Tea* <b>x</b>"),
        ({"plaintextOnly": True, "markdownEnabled": True}, "<p>*Tea* x</p>"),
    ],
    ids=["markdown", "html", "text"],
)
async def test_the_form_says_how_messages_look_and_who_gets_them(
    app: Client, nobody: Client, emailer: Recorder, more: dict[str, Any], start: str
) -> None:
    await app.post("/v1/form", {**FORM, **more})
    mine = {"plaintextOnly": "false", "markdownEnabled": "false", "toEmails": "me@b.co"}
    fields = {**FIELDS, **mine, "message": "*Tea* <b>x</b>", "subject": "Now"}
    assert (await submit(nobody, fields)).status == 200
    [sent] = emailer.sent
    assert sent.html.startswith(start)
    assert (sent.recipients, sent.subject) == (FORM["notifyEmails"], "Contact: Now")


@pytest.mark.usefixtures("form")
async def test_a_file_goes_with_a_form(nobody: Client, emailer: Recorder) -> None:
    data = bytes(range(256)) * 8000  # 2 MB
    answer = await submit(nobody, file=("čaj.png", "image/png", data))
    assert answer.status == 200
    file = emailer.sent[0].attachment
    assert file is not None
    assert (file.name, file.media_type, file.content) == ("čaj.png", "image/png", data)
    assert (await submit(nobody, file=("", "application/octet-stream", b""))).status == 200
    assert emailer.sent[1].attachment is None


async def test_messages_are_stored_where_the_form_says_so(
    app: Client, nobody: Client, emailer: Recorder
) -> None:
    await app.post("/v1/form", {**FORM, "messageStorageEnabled": True})
    assert (await submit(nobody, {**FIELDS, "message": "Tea?"})).status == 200
    emailer.takes = False
    again = {**FIELDS, "message": "Still tea?", "subject": "Tea", "email": ""}
    assert (await submit(nobody, again)).status == 200
    found = await app.get("/v1/formdata", sort="timestamp", desc="false")
    stored = sorted(found.json["items"], key=lambda item: item["message"], reverse=True)
    shown = [{name: item.get(name) for name in ("name", "email", "subject", "message", "parentid")}
             for item in stored]  # fmt: skip
    assert shown == [
        {"name": "Bob", "email": "bob@b.co", "subject": None, "message": "Tea?"}
        | {"parentid": "contact"},
        {"name": "Bob", "email": None, "subject": "Tea", "message": "Still tea?"}
        | {"parentid": "contact"},
    ]
    assert {item["appid"] for item in stored} == {"myapp"}
    assert not any("creatorid" in item for item in stored)
    assert "formdata" in (await app.get("/v1/_types")).json.values()


@pytest.mark.usefixtures("form")
async def test_messages_are_not_stored_otherwise(
    app: Client,
    nobody: Client,
) -> None:
    assert (await submit(nobody)).status == 200
    assert (await app.get("/v1/formdata")).json["items"] == []


async def test_a_stored_message_keeps_the_constraints_of_the_app(
    app: Client, nobody: Client, emailer: Recorder
) -> None:
    await app.post("/v1/form", {**FORM, "messageStorageEnabled": True})
    await app.put("/v1/_constraints/formdata/subject/required", {"message": "messages.required"})
    answer = await submit(nobody)
    assert (answer.status, answer.json["message"]) == (400, "subject is required.")
    assert emailer.sent == []


@pytest.mark.usefixtures("form")
async def test_a_mail_that_is_not_taken_is_told(nobody: Client, emailer: Recorder) -> None:
    emailer.takes = False
    assert (await submit(nobody)).json == {"code": 400, "message": "Bad Request"}


# ---- what is refused ----------------------------------------------------------------------------


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


# ---- where the visitor goes on ------------------------------------------------------------------


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
