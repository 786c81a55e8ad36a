"""Mails about accounts: the link that confirms an address, and the one to a new password."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from para_core.config import Config
from para_core.objects import App, User
from para_server.config import ApiSettings
from para_server.para import Para
from para_server.signin.policy import SignInPolicy

from ...mail.recorder import Recorder, Sent  # noqa: TID252 - tests have no absolute names
from ..backends import MEMORY, backends  # noqa: TID252
from ..client import Client  # noqa: TID252
from .people import PASSWORD, Clock, a_user, bearer, sign_in

ANN, OTHER = "ann@myapp.test", "another password"
PAGE = "https://my.test/confirm?lang=en#top"


@pytest.fixture
def emailer() -> Recorder:
    return Recorder()


@pytest.fixture
async def para(  # noqa: PLR0913, PLR0917 - one fixture for each thing that tests replace
    settings: ApiSettings,
    policy: SignInPolicy,
    clock: Clock,
    emailer: Recorder,
    config_values: Mapping[str, object],
    tmp_path: Path,
) -> AsyncIterator[Para]:
    async with backends(MEMORY, tmp_path) as made:
        made.emailer = emailer
        config = Config(config_values)
        async with Para(settings, made, config=config, policy=policy, clock=clock) as para:
            yield para


async def set_pages(app: Client, **more: str) -> App:
    pages = {
        "security.confirm_email_url": PAGE,
        "security.reset_password_url": "https://my.test/reset",
    }
    await app.put("/v1/_settings", {**pages, **more})
    found = await app.para.services.apps.find("myapp")
    assert found is not None
    return found


def link_in(sent: Sent) -> tuple[str, dict[str, list[str]]]:
    found = re.search(r'href="([^"]+)"', sent.html)
    assert found is not None
    parts = urlsplit(unescape(found[1]))
    return parts._replace(query="").geturl(), parse_qs(parts.query)


async def test_a_new_user_is_asked_to_confirm_the_address(
    app: Client, nobody: Client, para: Para, emailer: Recorder
) -> None:
    known = await set_pages(app)
    assert (await sign_in(nobody, f"{ANN}:Ann at evil.test:{PASSWORD}")).status == 400
    await para.sign_in.mail.close()
    [sent] = emailer.sent
    assert (sent.appid, sent.recipients) == ("myapp", [ANN])
    assert sent.subject == "Confirm your address for myapp"
    assert "evil" not in sent.html
    page, query = link_in(sent)
    assert (page, query["lang"], query["id"]) == ("https://my.test/confirm#top", ["en"], [ANN])
    assert await para.sign_in.recovery.activate(known, ANN, query["token"][0])
    assert (await sign_in(nobody, f"{ANN}::{PASSWORD}")).status == 200


async def test_the_page_of_the_app_may_confirm_with_its_own_keys(
    app: Client, nobody: Client, para: Para, emailer: Recorder
) -> None:
    await set_pages(app)
    await sign_in(nobody, f"{ANN}:Ann:{PASSWORD}")
    await para.sign_in.mail.close()
    _, query = link_in(emailer.sent[0])
    identifier = (await app.get(f"/v1/_id/{ANN}")).json
    assert identifier["etoken"] == query["token"][0]


async def test_signing_up_does_not_wait_for_the_mail(
    app: Client, nobody: Client, para: Para, emailer: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_pages(app)
    held, send = asyncio.Event(), emailer.send

    async def slow(*given: object, **more: object) -> bool:
        await held.wait()
        return await send(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(emailer, "send", slow)
    assert (await sign_in(nobody, f"{ANN}:Ann:{PASSWORD}")).status == 400
    assert emailer.sent == []
    held.set()
    await para.sign_in.mail.close()
    assert len(emailer.sent) == 1


@pytest.mark.parametrize(
    "page", ["", " ", "ftp://my.test/", "javascript:alert(1)", "/confirm"], ids=lambda page: page
)
async def test_without_a_page_there_is_no_mail(
    app: Client, nobody: Client, para: Para, emailer: Recorder, page: str
) -> None:
    await set_pages(app, **{"security.confirm_email_url": page})
    await sign_in(nobody, f"{ANN}:Ann:{PASSWORD}")
    await para.sign_in.mail.close()
    assert emailer.sent == []
    assert "etoken" not in (await app.get(f"/v1/_id/{ANN}")).json


async def test_who_is_active_at_once_is_not_asked(
    app: Client, nobody: Client, para: Para, emailer: Recorder
) -> None:
    await set_pages(app, **{"security.allow_unverified_emails": "true"})
    assert (await sign_in(nobody, f"{ANN}:Ann:{PASSWORD}")).status == 200
    await para.sign_in.mail.close()
    assert emailer.sent == []


@pytest.mark.parametrize(
    "config_values", [{"para.security.confirm_email_url": "https://root.test/"}], ids=[""]
)
async def test_the_configuration_has_the_page_of_the_root_app_alone(
    app: Client, nobody: Client, para: Para, emailer: Recorder
) -> None:
    root = await para.services.apps.find("para")
    assert root is not None
    user = User(id="u1", identifier=ANN, email=ANN, name="Ann", groups="users")
    await para.services.users.create(root, user, password="hash")  # noqa: S106
    assert await para.sign_in.mail.send_confirmation(root, ANN)
    assert link_in(emailer.sent[0])[0] == "https://root.test/"
    await a_user(app, nobody, ANN)
    known = await para.services.apps.find("myapp")
    assert known is not None
    assert not await para.sign_in.mail.send_confirmation(known, ANN)


async def test_a_mail_leads_to_a_new_password(
    app: Client, nobody: Client, para: Para, emailer: Recorder
) -> None:
    await a_user(app, nobody, ANN)
    known = await set_pages(app)
    user = bearer(nobody, await sign_in(nobody, f"{ANN}::{PASSWORD}"))
    assert await para.sign_in.mail.send_reset(known, ANN)
    [sent] = emailer.sent
    assert sent.subject == "A new password for myapp"
    page, query = link_in(sent)
    assert (page, query["id"]) == ("https://my.test/reset", [ANN])
    assert await para.sign_in.recovery.reset_password(known, ANN, query["token"][0], OTHER)
    assert (await user.get("/v1/_me")).status == 401
    assert (await sign_in(nobody, f"{ANN}::{OTHER}")).status == 200


@pytest.mark.parametrize("who", ["bob@myapp.test", "fb:12", "", "no address"])
async def test_nobody_else_gets_a_mail(
    app: Client, para: Para, emailer: Recorder, who: str
) -> None:
    known = await set_pages(app)
    assert not await para.sign_in.mail.send_reset(known, who)
    assert not await para.sign_in.mail.send_confirmation(known, who)
    assert emailer.sent == []


async def test_an_app_writes_its_own_mails(
    app: Client, nobody: Client, para: Para, emailer: Recorder
) -> None:
    own = "<title>{{app}} grüßt</title><a href='{{link}}'>hier</a> {{minutes}}"
    await a_user(app, nobody, ANN)
    known = await set_pages(app, **{"mail.reset_template": own})
    assert await para.sign_in.mail.send_reset(known, ANN)
    assert emailer.sent[0].subject == "myapp grüßt"
    assert emailer.sent[0].html.endswith("'>hier</a> 30")


async def test_one_address_gets_three_mails_in_a_minute(
    app: Client, nobody: Client, para: Para, emailer: Recorder, clock: Clock
) -> None:
    clock.ahead_ms += 60_000 - clock() % 60_000  # a minute begins
    for email in (ANN, "bob@myapp.test"):
        await a_user(app, nobody, email)
    known = await set_pages(app)
    taken = [await para.sign_in.mail.send_reset(known, ANN) for _ in range(5)]
    assert taken == [True] * 3 + [False] * 2
    _, query = link_in(emailer.sent[2])  # what was refused has not ended the last token
    assert await para.sign_in.mail.send_reset(known, "bob@myapp.test")
    assert await para.sign_in.recovery.reset_password(known, ANN, query["token"][0], OTHER)


async def test_a_mail_that_is_not_taken_is_told(
    app: Client, nobody: Client, para: Para, emailer: Recorder
) -> None:
    await a_user(app, nobody, ANN)
    known = await set_pages(app)
    emailer.takes = False
    assert not await para.sign_in.mail.send_reset(known, ANN)
    assert not await para.sign_in.mail.send_confirmation(known, ANN)


async def test_a_mail_that_nobody_waits_for_is_tried_again(
    app: Client, nobody: Client, para: Para, emailer: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_pages(app)
    tries, send = [], emailer.send

    async def fail_twice(*given: object, **more: object) -> bool:
        tries.append(given[3])
        emailer.takes = len(tries) == 3
        return await send(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(emailer, "send", fail_twice)
    monkeypatch.setattr("para_server.signin.account_mail._PAUSES_SEC", (0.01, 0.01))
    await sign_in(nobody, f"{ANN}:Ann:{PASSWORD}")
    await para.sign_in.mail.close()
    assert len(emailer.sent) == 1
    assert tries == [emailer.sent[0].html] * 3  # with the same token


async def test_a_stop_does_not_wait_for_mails_for_ever(
    app: Client, nobody: Client, para: Para, emailer: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_pages(app)
    emailer.takes = False
    monkeypatch.setattr("para_server.signin.account_mail._LAST_SEC", 0.05)
    await sign_in(nobody, f"{ANN}:Ann:{PASSWORD}")
    async with asyncio.timeout(3):
        await para.sign_in.mail.close()
    assert emailer.sent == []


async def test_a_database_that_fails_meanwhile_is_logged(  # noqa: PLR0913, PLR0917 - what it looks at
    app: Client,
    nobody: Client,
    para: Para,
    emailer: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from para_core.errors import UnavailableError

    await set_pages(app)

    async def fail(*given: object) -> str:
        raise UnavailableError("the database is away")

    monkeypatch.setattr(para.sign_in.recovery, "new_email_token", fail)
    await sign_in(nobody, f"{ANN}:Ann:{PASSWORD}")
    await para.sign_in.mail.close()
    assert emailer.sent == []
    assert "an address was not asked" in caplog.text
