"""``POST /v1/_forms/{appid}/{formid}``: what arrives, in which form, and what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from ...mail.recorder import Recorder  # noqa: TID252 - tests have no absolute names
from ..client import Client  # noqa: TID252
from .kit import FIELDS, FORM, PATH, SECRETS, SOLVED, Verifier, submit


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


OWN_FIELDS = {
    "/re": "g-recaptcha-response",
    "/h": "h-captcha-response",
    "/cf": "cf-turnstile-response",
}


@pytest.mark.parametrize("others", ["", "for others"], ids=["alone", "among others"])
@pytest.mark.parametrize(("secret", "path"), SECRETS.items(), ids=SECRETS.values())
async def test_each_captcha_service_is_asked_about_its_own_field(  # noqa: PLR0913, PLR0917
    app: Client, nobody: Client, verifier: Verifier, secret: str, path: str, others: str
) -> None:
    """hCaptcha fills in the field of reCAPTCHA too, for pages that were made for that."""
    await app.post("/v1/form", {**FORM, "captchaSecretKey": secret})
    fields = {"name": "Bob", "message": "Tea?", **dict.fromkeys(OWN_FIELDS.values(), others)}
    assert (await submit(nobody, {**fields, OWN_FIELDS[path]: SOLVED})).status == 200
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
