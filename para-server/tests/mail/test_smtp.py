"""``SmtpEmailer``: what arrives, what is refused, and what happens when the mail server fails."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable

import pytest

from para_core.config import Config
from para_core.contracts.emailer import Attachment
from para_core.errors import ConfigError
from para_core.objects import App
from para_server.mail.accounts import MailAccounts
from para_server.mail.smtp import SmtpEmailer
from para_server.outbound import Addresses
from para_server.outbound.settings import addresses_of
from para_server.plugin import open_emailer

from .smtp_server import (
    HOST,
    PASSWORD,
    USERNAME,
    MailServer,
    Tls,
    mail_server,
    odd_server,
    tls_of,
)

ANN, BOB = "ann@orchard.test", "bob@orchard.test"
ROOT = App(id="app:para", name="Para")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return tls_of(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def server(tls: Tls) -> AsyncIterator[MailServer]:
    async with mail_server(tls.server) as server:
        yield server


def values_of(port: int, **more: str) -> dict[str, object]:
    usual = {"host": HOST, "username": USERNAME, "password": PASSWORD, "ssl": "false"}
    names = {"starttls": "tls", "sender": "from"}  # which are words of Python, or taken here
    given = {names.get(name, name): value for name, value in {**usual, **more}.items()}
    values = {f"para.mail.{name}": value for name, value in given.items()}
    return {**values, "para.mail.port": str(port), "para.support_email": "help@para.test"}


def emailer_of(
    port: int,
    tls: Tls | ssl.SSLContext | None,
    *,
    addresses: Addresses | None = None,
    timeout_ms: int = 5000,
    **more: str,
) -> SmtpEmailer:
    return SmtpEmailer(
        MailAccounts(Config(values_of(port, **more)), "para"),
        addresses or Addresses(allow_private=True),
        timeout_ms=timeout_ms,
        tls=tls.client if isinstance(tls, Tls) else tls,
    )


@pytest.fixture
def why(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.INFO, "para_server")
    return lambda: " ".join(r.getMessage() for r in caplog.records if r.name.startswith("para"))


# ---- what arrives -------------------------------------------------------------------------------


async def test_a_mail_arrives_as_text_and_as_html(server: MailServer, tls: Tls) -> None:
    async with emailer_of(server.port, tls) as emailer:
        body = "<p>Čaj &amp; more</p><p>two</p>"
        assert await emailer.send(ROOT, [ANN], "Čaj 🍵", body, reply_to=BOB)
    [mail] = server.mails
    assert mail.was_tls
    assert server.logins == [USERNAME]
    assert (mail.sender, mail.recipients) == ("help@para.test", [ANN])
    assert str(mail.message["From"]) == "Para <help@para.test>"
    assert (mail.message["To"], mail.message["Reply-To"]) == (ANN, BOB)
    assert mail.message["Subject"] == "Čaj 🍵"
    assert mail.message["Message-ID"].endswith("@para.test>")
    assert mail.message["Date"] is not None
    assert mail.html.strip() == body
    assert mail.text.strip() == "Čaj & more\n\ntwo"


async def test_a_file_goes_with_a_mail(server: MailServer, tls: Tls) -> None:
    data = bytes(range(256)) * 12_000  # it goes out in pieces
    file = Attachment("čaj/list.bin", "image/png", data)
    async with emailer_of(server.port, tls) as emailer:
        assert await emailer.send(None, [ANN], "Tea", "<p>x</p>", attachment=file)
    [part] = server.mails[0].message.iter_attachments()
    assert part.get_content() == data
    assert part.get_content_type() == "image/png"
    assert part.get_filename() == "čaj_list.bin"


async def test_lines_that_begin_with_dots_arrive(server: MailServer, tls: Tls) -> None:
    body = "<pre>\n.\n..\n.x\n</pre>\n."
    async with emailer_of(server.port, tls) as emailer:
        assert await emailer.send(None, [ANN], "Tea", body)
        assert await emailer.send(None, [ANN], "Tea", "after it")
    assert [mail.html.strip() for mail in server.mails] == [body, "after it"]


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/mixed", "x", "a/b\r\nX: y", ""])
async def test_a_type_that_could_be_looked_into_is_none(
    server: MailServer, tls: Tls, kind: str
) -> None:
    async with emailer_of(server.port, tls) as emailer:
        file = Attachment("f", kind, b"data")
        assert await emailer.send(None, [ANN], "Tea", "<p>x</p>", attachment=file)
    [part] = server.mails[0].message.iter_attachments()
    assert (part.get_content_type(), part.get_content()) == ("application/octet-stream", b"data")


async def test_nobody_sees_who_else_gets_it(server: MailServer, tls: Tls) -> None:
    people = [f"p{number}@orchard.test" for number in range(120)]
    async with emailer_of(server.port, tls) as emailer:
        assert await emailer.send(ROOT, [*people, f" {people[0]} ", ""], "Tea", "<p>x</p>")
    assert [len(mail.recipients) for mail in server.mails] == [50, 50, 20]
    assert [one for mail in server.mails for one in mail.recipients] == people
    assert not any(b"orchard" in mail.message.as_bytes() for mail in server.mails)


@pytest.mark.parametrize("field", ["subject", "name"])
async def test_nothing_breaks_out_of_a_header(server: MailServer, tls: Tls, field: str) -> None:
    odd = "Tea\r\nBcc: all@orchard.test\r\n\r\n<p>mine</p>"
    app = App(id="app:para", name=odd if field == "name" else "Para")
    async with emailer_of(server.port, tls) as emailer:
        assert await emailer.send(app, [ANN], odd if field == "subject" else "Tea", "<p>x</p>")
    [mail] = server.mails
    assert mail.message["Bcc"] is None
    assert mail.recipients == [ANN]
    assert mail.html.strip() == "<p>x</p>"


@pytest.mark.parametrize(
    "address",
    [
        "a@b.co\r\nBcc: c@d.co",
        "a b@c.co",
        "<a@b.co>",
        "a@b.co, c@d.co",
        "no address",
        "é@b.co",
        "@",
    ],
)
async def test_what_is_no_address_gets_nothing(
    server: MailServer, tls: Tls, address: str, why: Callable[[], str]
) -> None:
    async with emailer_of(server.port, tls) as emailer:
        assert not await emailer.send(ROOT, [address, ANN], "Tea", "<p>x</p>")
    assert [mail.recipients for mail in server.mails] == [[ANN]]
    assert "refused 1 of the recipients" in why()


async def test_a_domain_may_have_letters_of_any_language(server: MailServer, tls: Tls) -> None:
    async with emailer_of(server.port, tls) as emailer:
        assert await emailer.send(ROOT, ["ann@čaj.test"], "Tea", "<p>x</p>")
    assert server.mails[0].recipients == ["ann@xn--aj-dma.test"]


# ---- whose account ------------------------------------------------------------------------------


async def test_an_app_sends_through_its_own_server(server: MailServer, tls: Tls) -> None:
    own = {
        "mail.host": HOST,
        "mail.port": server.port,
        "mail.username": USERNAME,
        "mail.password": PASSWORD,
        "mail.ssl": False,
        "mail.from": "hello@orchard.test",
    }
    app = App(id="app:orchard", name="The orchard", settings=own)
    async with emailer_of(1, tls) as emailer:
        assert await emailer.send(app, [ANN], "Tea", "<p>x</p>")
    assert str(server.mails[0].message["From"]) == "The orchard <hello@orchard.test>"


async def test_a_sender_may_be_written_with_a_name(server: MailServer, tls: Tls) -> None:
    sender = "Hello, all <hello@orchard.test>"
    async with emailer_of(server.port, tls, sender=sender) as emailer:
        assert await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
    assert server.mails[0].sender == "hello@orchard.test"
    assert str(server.mails[0].message["From"]) == "Para <hello@orchard.test>"


@pytest.mark.parametrize("sender", ["nobody", "a@b.co\nBcc: c@d.co", "<>", "a@b.co, c@d.co"])
async def test_a_sender_that_is_none_is_told(
    server: MailServer, tls: Tls, sender: str, why: Callable[[], str]
) -> None:
    async with emailer_of(server.port, tls, sender=sender) as emailer:
        assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
    assert "mail.from is no address" in why()
    assert server.mails == []


async def test_the_account_of_the_server_is_not_lent_to_apps(
    server: MailServer, tls: Tls, why: Callable[[], str]
) -> None:
    async with emailer_of(server.port, tls) as emailer:
        assert not await emailer.send(App(id="app:orchard"), [ANN], "Tea", "<p>x</p>")
    assert server.mails == []
    assert "mail.host is not set" in why()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "smtp", ""])
async def test_a_port_that_is_none_is_told(tls: Tls, port: str, why: Callable[[], str]) -> None:
    app = App(id="app:orchard", settings={"mail.host": HOST, "mail.port": port})
    async with emailer_of(1, tls) as emailer:
        assert not await emailer.send(app, [ANN], "Tea", "<p>x</p>")
    assert "mail.port is no port" in why()


async def test_an_app_cannot_reach_what_is_private(
    server: MailServer, tls: Tls, why: Callable[[], str]
) -> None:
    app = App(id="app:orchard", settings={"mail.host": HOST, "mail.port": server.port})
    async with emailer_of(1, tls, addresses=Addresses()) as emailer:
        assert not await emailer.send(app, [ANN], "Tea", "<p>x</p>")
    assert "private or local address" in why()
    assert server.logins == []


async def test_the_host_of_the_configuration_may_be_private(server: MailServer, tls: Tls) -> None:
    addresses = addresses_of(Config(values_of(server.port)))
    async with emailer_of(server.port, tls, addresses=addresses) as emailer:
        assert await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")


# ---- TLS ----------------------------------------------------------------------------------------


async def test_tls_from_the_start(tls: Tls) -> None:
    async with mail_server(tls.server, from_start=True) as server:
        async with emailer_of(server.port, tls, ssl="true") as emailer:
            assert await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
        assert server.logins == [USERNAME]
        assert len(server.mails) == 1


async def test_a_server_without_starttls_learns_no_password(
    tls: Tls, why: Callable[[], str]
) -> None:
    async with mail_server() as server:
        async with emailer_of(server.port, tls) as emailer:
            assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
        assert (server.logins, server.mails) == ([], [])
    assert "offers no STARTTLS" in why()


async def test_without_any_tls_when_the_account_says_so(tls: Tls) -> None:
    async with mail_server(login=False) as server:
        plain = emailer_of(server.port, tls, starttls="false", username="")
        async with plain as emailer:
            assert await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
        assert not server.mails[0].was_tls


@pytest.mark.parametrize("from_start", [False, True], ids=["starttls", "from the start"])
async def test_an_untrusted_certificate_ends_it(
    tls: Tls, why: Callable[[], str], *, from_start: bool
) -> None:
    async with mail_server(tls.server, from_start=from_start) as server:
        strict = ssl.create_default_context()
        kind = str(from_start).lower()
        async with emailer_of(server.port, strict, ssl=kind) as emailer:
            assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
        assert (server.logins, server.mails) == ([], [])
    assert "is not trusted" in why()


async def test_tls_from_the_start_at_a_server_that_greets_is_told(
    server: MailServer, tls: Tls, why: Callable[[], str]
) -> None:
    async with emailer_of(server.port, tls, ssl="true") as emailer:
        assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
    assert "set mail.ssl to false" in why()


# ---- faults -------------------------------------------------------------------------------------


async def test_a_wrong_password_is_told(
    server: MailServer, tls: Tls, why: Callable[[], str]
) -> None:
    async with emailer_of(server.port, tls, password="wrong") as emailer:  # noqa: S106
        assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
    assert "refuses the login (535)" in why()
    assert "wrong" not in why()
    assert server.mails == []


async def test_a_server_that_is_away_is_told(tls: Tls, why: Callable[[], str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with emailer_of(port, tls) as emailer:
            assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
    assert f"{HOST}:{port} cannot be reached" in why()


async def test_a_host_without_address_is_told(tls: Tls, why: Callable[[], str]) -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror

    async with emailer_of(1, tls, addresses=Addresses(resolver=nowhere)) as emailer:
        assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
    assert "no address is known" in why()


@pytest.mark.parametrize("greeting", [b"", b"220 hello\r\n"], ids=["silent", "greets"])
async def test_a_server_that_hangs_has_a_limit(
    tls: Tls, why: Callable[[], str], greeting: bytes
) -> None:
    async with odd_server(greeting) as port, emailer_of(port, tls, timeout_ms=200) as emailer:
        async with asyncio.timeout(3):
            assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
    assert "within 0.2 seconds" in why()


async def test_a_server_that_hangs_with_the_message_has_a_limit(
    server: MailServer, tls: Tls, why: Callable[[], str]
) -> None:
    server.held = asyncio.Event()
    async with emailer_of(server.port, tls, timeout_ms=500) as emailer:
        async with asyncio.timeout(6):
            assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
    assert "within 0.5 seconds" in why()


@pytest.mark.parametrize(
    "greeting", [b"554 go away\r\n", b"HTTP/1.1 400 Bad\r\n\r\n", b"\xff" * 99]
)
async def test_what_speaks_otherwise_is_told(tls: Tls, greeting: bytes) -> None:
    async with odd_server(greeting) as port, emailer_of(port, tls, timeout_ms=500) as emailer:
        assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")


async def test_an_app_whose_server_hangs_keeps_nobody_waiting(server: MailServer, tls: Tls) -> None:
    async with odd_server(b"") as port:
        stuck = App(id="app:stuck", settings={"mail.host": HOST, "mail.port": port})
        async with emailer_of(server.port, tls, timeout_ms=2000) as emailer:
            waiting = [
                asyncio.create_task(emailer.send(stuck, [ANN], "Tea", "<p>x</p>"))
                for _ in range(20)
            ]
            await asyncio.sleep(0.1)
            assert await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
            assert not any(task.done() for task in waiting)
            assert await asyncio.gather(*waiting) == [False] * 20


async def test_a_mail_that_one_of_two_gets_is_not_sent(
    server: MailServer, tls: Tls, why: Callable[[], str]
) -> None:
    server.refused.add(BOB)
    async with emailer_of(server.port, tls) as emailer:
        assert not await emailer.send(ROOT, [ANN, BOB], "Tea", "<p>x</p>")
        assert not await emailer.send(ROOT, [BOB], "Tea", "<p>x</p>")
    assert [mail.recipients for mail in server.mails] == [[ANN]]
    assert why().count("refused 1 of the recipients") == 2


@pytest.mark.parametrize("answer", ["554 spam", "452 full", "421 closing"])
async def test_a_message_that_is_refused_is_told(
    server: MailServer, tls: Tls, why: Callable[[], str], answer: str
) -> None:
    server.data_answer = answer
    async with emailer_of(server.port, tls) as emailer:
        assert not await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
    assert answer[:3] in why()
    assert answer[4:] not in why()


async def test_the_steps_are_logged_on_demand(
    server: MailServer, tls: Tls, why: Callable[[], str]
) -> None:
    async with emailer_of(server.port, tls, debug="true") as emailer:
        assert await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
    assert "smtp: the login is accepted" in why()
    for private in (PASSWORD, USERNAME, ANN, "Tea"):
        assert private not in why()


# ---- the plugin ---------------------------------------------------------------------------------


async def test_the_emailer_of_the_configuration(
    server: MailServer, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.authority))
    async with open_emailer(Config(values_of(server.port))) as emailer:
        assert await emailer.send(ROOT, [ANN], "Tea", "<p>x</p>")
        assert await emailer.send(None, [ANN], "Tea", "<p>x</p>")


def test_a_limit_of_time_that_is_none_stops_the_start() -> None:
    with pytest.raises(ConfigError, match=r"para\.mail\.timeout_ms"):
        open_emailer(Config({**values_of(1), "para.mail.timeout_ms": "1"}))


def test_the_password_does_not_show() -> None:
    account = MailAccounts(Config(values_of(25)), "para").of(None)
    assert account.password == PASSWORD
    assert PASSWORD not in repr(account)
