"""``POST /v1/_emails``: what is sent, in which form, and what is refused."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from para_core.config import Config
from para_server.config import ApiSettings
from para_server.mail.accounts import MailAccounts
from para_server.mail.smtp import SmtpEmailer
from para_server.outbound import Addresses
from para_server.para import Para

from ..mail.recorder import Recorder  # noqa: TID252 - tests have no absolute names
from ..mail.smtp_server import (  # noqa: TID252
    HOST,
    PASSWORD,
    USERNAME,
    mail_server,
    tls_of,
)
from .backends import MEMORY, backends
from .client import ROOT_SECRET, Client
from .signin.people import Clock

MAIL: dict[str, Any] = {"name": "Bob", "message": "Tea?", "toEmails": ["ann@orchard.test"]}


@pytest.fixture
def emailer() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def para(
    settings: ApiSettings, emailer: Recorder, clock: Clock, tmp_path: Path
) -> AsyncIterator[Para]:
    async with backends(MEMORY, tmp_path) as made:
        made.emailer = emailer
        async with Para(settings, made, clock=clock) as para:
            yield para


async def test_a_message_is_sent_and_nothing_is_answered(app: Client, emailer: Recorder) -> None:
    body = {**MAIL, "email": "bob@orchard.test", "subject": "Tea", "toEmails": ["a@b.co", "c@d.co"]}
    answer = await app.post("/v1/_emails", body)
    assert (answer.status, answer.body) == (200, b"")
    [sent] = emailer.sent
    assert (sent.appid, sent.recipients) == ("myapp", ["a@b.co", "c@d.co"])
    assert (sent.subject, sent.reply_to) == ("Tea", "bob@orchard.test")
    assert sent.html.startswith("<p>Tea?</p>\n")
    assert "Bob &lt;<a href" in sent.html


@pytest.mark.parametrize(
    ("more", "subject"),
    [
        ({}, "New message from Bob"),
        ({"email": "bob@b.co"}, "New message from Bob <bob@b.co>"),
        ({"subject": "  ", "email": " "}, "New message from Bob"),
        ({"subject": None, "email": None}, "New message from Bob"),
    ],
)
async def test_a_subject_is_made_where_none_is(
    app: Client, emailer: Recorder, more: dict[str, Any], subject: str
) -> None:
    assert (await app.post("/v1/_emails", {**MAIL, **more})).status == 200
    assert emailer.sent[0].subject == subject


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ({}, "<p>a *b*<br>\nc &amp; d</p>"),
        ({"plaintextOnly": True, "markdownEnabled": True}, "<p>a *b*<br>\nc &amp; d</p>"),
        ({"plaintextOnly": "false", "markdownEnabled": "true"}, "<p>a <em>b</em>"),
        ({"plaintextOnly": False}, "a *b*\nc <b>&</b> d<script>x()</script>"),
    ],
    ids=["usual", "text wins", "markdown", "html"],
)
async def test_the_form_of_a_message(
    app: Client, emailer: Recorder, form: dict[str, Any], body: str
) -> None:
    text = "a *b*\nc <b>&</b> d<script>x()</script>"
    assert (await app.post("/v1/_emails", {**MAIL, "message": text, **form})).status == 200
    html = emailer.sent[0].html
    assert html.startswith(body)
    assert ("<script" in html) == (form == {"plaintextOnly": False})


async def test_markdown_that_takes_long_stops_nobody(app: Client, emailer: Recorder) -> None:
    body = {**MAIL, "message": "* a\n " * 2000, "plaintextOnly": False, "markdownEnabled": True}
    task, turns = asyncio.create_task(app.post("/v1/_emails", body)), 0
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert (await task).status == 200
    assert len(emailer.sent) == 1
    assert turns > 5  # one, when it is converted in the loop


async def test_ten_people_at_most(app: Client, emailer: Recorder) -> None:
    people = [None, " ", *(f"p{number}@b.co" for number in range(20))]
    assert (await app.post("/v1/_emails", {**MAIL, "toEmails": people})).status == 200
    assert emailer.sent[0].recipients == [f"p{number}@b.co" for number in range(8)]


async def test_a_file_is_attached(app: Client, emailer: Recorder) -> None:
    data = bytes(range(256)) * 4000  # a body of more than the size of an object
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    assert (await app.post("/v1/_emails", {**MAIL, "file": url})).status == 200
    file = emailer.sent[0].attachment
    assert file is not None
    assert (file.name, file.media_type, file.content) == ("attachment.png", "image/png", data)


BAD = {
    "no body": (b"", "Invalid form data."),
    "no JSON": (b"{", "Invalid form data."),
    "a list": (b"[]", "Invalid form data."),
    "an unknown key": (b'{"cc":"x"}', "Invalid form data."),
    "a wrong type": (b'{"toEmails":"a@b.co"}', "Invalid form data."),
    "no UTF-8": (b'{"name":"\xff"}', "Invalid form data."),
    "nesting": (b'{"name":' + b"[" * 100_000, "Invalid form data."),
    "nothing": (
        b"{}",
        "Invalid form data: 'name' must not be blank, 'message' must not be blank",
    ),
    "blanks": (
        b'{"name":" ","message":"\\n"}',
        "Invalid form data: 'name' must not be blank, 'message' must not be blank",
    ),
    "a long name": (
        b'{"name":"%s","message":"x"}' % (b"x" * 256),
        "Invalid form data: 'name' size must be between 0 and 255",
    ),
    "a long message": (
        b'{"name":"x","message":"%s"}' % (b"x" * 10_001),
        "Invalid form data: 'message' size must be between 0 and 10000",
    ),
    "bad addresses": (
        b'{"name":"x","message":"x","email":"me","toEmails":["a@b.co","you",""]}',
        "Invalid form data: Invalid email 'me'., Invalid email 'you'.",
    ),
    "a long address": (
        b'{"name":"x","message":"x","toEmails":["%s"]}' % (b"x" * 5000),
        f"Invalid form data: Invalid email '{'x' * 255}'.",
    ),
    "no recipients": (b'{"name":"x","message":"x"}', "Bad Request"),
    "blank recipients": (b'{"name":"x","message":"x","toEmails":[" "]}', "Bad Request"),
    "a file that is none": (
        b'{"name":"x","message":"x","toEmails":["a@b.co"],"file":"data:x;base64,#"}',
        "Invalid form data: 'file' must be a data URL in Base64",
    ),
    "a file elsewhere": (
        b'{"name":"x","message":"x","toEmails":["a@b.co"],"file":"http://b.co/x"}',
        "Invalid form data: 'file' must be a data URL in Base64",
    ),
}


@pytest.mark.parametrize(("body", "message"), BAD.values(), ids=BAD)
async def test_what_breaks_a_rule_is_refused(
    app: Client, emailer: Recorder, body: bytes, message: str
) -> None:
    answer = await app.send("POST", "/v1/_emails", raw=body)
    assert (answer.status, answer.json) == (400, {"code": 400, "message": message})
    assert emailer.sent == []


async def test_a_mail_to_nobody_is_in_the_log(
    app: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await app.post("/v1/_emails", {**MAIL, "toEmails": []})).status == 400
    (record,) = [one for one in caplog.records if one.levelname == "WARNING"]
    assert record.getMessage() == "a mail was not sent: it names nobody"


async def test_a_mail_that_is_not_taken_is_told(app: Client, emailer: Recorder) -> None:
    emailer.takes = False
    answer = await app.post("/v1/_emails", MAIL)
    assert (answer.status, answer.json["message"]) == (400, "Bad Request")


async def test_a_file_has_a_largest_size(tmp_path: Path) -> None:
    settings = ApiSettings(root_secret_override=ROOT_SECRET, mail_max_attachment_bytes=2048)
    async with backends(MEMORY, tmp_path) as made, Para(settings, made) as para:
        client = Client(para, "app:para", ROOT_SECRET)
        urls = [f"data:;base64,{base64.b64encode(b'x' * size).decode()}" for size in (2048, 2049)]
        answers = [await client.post("/v1/_emails", {**MAIL, "file": url}) for url in urls]
    assert [answer.status for answer in answers] == [200, 400]
    assert answers[1].json["message"] == "Invalid form data: 'file' must not be larger than 2 KB"


# ---- limits -------------------------------------------------------------------------------------


async def test_a_hundred_mails_in_a_minute(app: Client, emailer: Recorder, clock: Clock) -> None:
    clock.ahead_ms += 60_000 - clock() % 60_000  # a minute begins
    answers = [await app.post("/v1/_emails", MAIL) for _ in range(102)]
    assert [answer.status for answer in answers] == [200] * 100 + [429] * 2
    assert answers[-1].json == {"code": 429, "message": "Too Many Requests"}
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    clock.pass_sec(60)
    assert (await app.post("/v1/_emails", MAIL)).status == 200
    assert len(emailer.sent) == 101


async def test_five_hundred_in_an_hour_and_a_thousand_in_a_day(
    app: Client, emailer: Recorder, clock: Clock
) -> None:
    clock.ahead_ms += 86_400_000 - clock() % 86_400_000  # a day begins
    taken = []
    for _ in range(3):
        before = len(emailer.sent)
        for _ in range(6):
            for _ in range(100):
                await app.post("/v1/_emails", MAIL)
            clock.pass_sec(60)
        taken.append(len(emailer.sent) - before)
        clock.pass_sec(3600 - 6 * 60)
    assert taken == [500, 500, 0]


async def test_a_limit_holds_for_mails_at_once(
    app: Client, emailer: Recorder, clock: Clock
) -> None:
    clock.ahead_ms += 60_000 - clock() % 60_000
    answers = await asyncio.gather(*(app.post("/v1/_emails", MAIL) for _ in range(150)))
    assert sorted(answer.status for answer in answers) == [200] * 100 + [429] * 50
    assert len(emailer.sent) == 100


async def test_apps_that_share_a_table_may_send_less_and_do_not_count_together(
    para: Para, root: Client, app: Client
) -> None:
    made = await root.get("/v1/_setup/small", sharedTable="true")
    small = Client(para, "app:small", made.json["secretKey"])
    assert [(await small.post("/v1/_emails", MAIL)).status for _ in range(11)] == [200] * 10 + [429]
    assert (await app.post("/v1/_emails", MAIL)).status == 200


async def test_what_is_refused_does_not_count(app: Client, clock: Clock) -> None:
    clock.ahead_ms += 60_000 - clock() % 60_000
    for _ in range(200):
        await app.post("/v1/_emails", {**MAIL, "name": ""})
    assert (await app.post("/v1/_emails", MAIL)).status == 200


# ---- who may ------------------------------------------------------------------------------------


async def test_guests_need_a_permission(para: Para, app: Client, emailer: Recorder) -> None:
    guest = Client(para, guest_of="app:myapp")
    assert (await guest.post("/v1/_emails", MAIL)).status == 403
    assert (await Client(para).post("/v1/_emails", MAIL)).status == 401
    await app.put("/v1/_permissions/*/_emails", ["?", "POST"])
    assert (await guest.post("/v1/_emails", MAIL)).status == 200
    assert len(emailer.sent) == 1


# ---- through a mail server ----------------------------------------------------------------------


async def test_a_message_arrives(settings: ApiSettings, tmp_path: Path) -> None:
    tls = tls_of(tmp_path)
    async with mail_server(tls.server) as server, backends(MEMORY, tmp_path) as made:
        accounts = MailAccounts(Config(), "para")
        made.emailer = SmtpEmailer(accounts, Addresses(allow_private=True), tls=tls.client)
        async with Para(settings, made) as para:
            root = Client(para, "app:para", ROOT_SECRET)
            keys = (await root.get("/v1/_setup/myapp")).json
            app = Client(para, "app:myapp", keys["secretKey"])
            assert (await app.post("/v1/_emails", MAIL)).status == 400
            own = {"host": HOST, "port": server.port, "username": USERNAME, "password": PASSWORD}
            own |= {"ssl": False, "from": "hello@orchard.test"}
            await app.put("/v1/_settings", {f"mail.{name}": own[name] for name in own})
            body = {**MAIL, "email": "bob@b.co", "file": "data:text/plain;base64,dGVh"}
            assert (await app.post("/v1/_emails", body)).status == 200
    [mail] = server.mails
    assert str(mail.message["From"]) == "myapp <hello@orchard.test>"
    assert mail.message["Reply-To"] == "bob@b.co"
    assert mail.text == "Tea?\n\n— Bob <bob@b.co>\n"
    assert [part.get_content() for part in mail.message.iter_attachments()] == ["tea"]
