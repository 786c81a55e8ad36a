"""The how-to pages about mail, run against a server that sends through a mail server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ..mail.smtp_server import (  # noqa: TID252 - tests have no absolute names
    HOST,
    PASSWORD,
    USERNAME,
    MailServer,
    Tls,
    mail_server,
    tls_of,
)
from ..signin.web import Asked, Told, json_of, web  # noqa: TID252
from .pages import DOCS, blocks_of
from .running_pages import check_steps
from .server import running

MAIL, FORMS = DOCS / "how-to" / "send-mail.md", DOCS / "how-to" / "take-messages-from-a-web-page.md"
CONFIRM = DOCS / "how-to" / "confirm-addresses-by-mail.md"
RESET = DOCS / "how-to" / "reset-passwords-by-mail.md"
SECRET = "a secret for this example, 0123456789"  # noqa: S105 - of the pages


async def steps_of(page: Path, folder: Path, server: MailServer, **more: object) -> int:
    """Run the steps of a page against a server in a process that sends through a mail server."""
    here = {"mail.host": HOST, "mail.port": server.port, "root_secret_override": SECRET, **more}
    options = [part for key in here for part in ("--set", f"para.{key}={here[key]}")]

    def run() -> int:
        with running(folder, *options) as port:
            return check_steps(page, port)

    return await asyncio.to_thread(run)


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tls:
    """Configure mail as the page says; the certificate of the mail server is trusted."""
    config = next(block.text for block in blocks_of(MAIL) if block.language == "hocon")
    assert f'"{USERNAME}"' in config
    (tmp_path / "application.conf").write_text(config, encoding="utf-8")
    tls = tls_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.authority))
    return tls


async def test_the_mail_of_the_page_arrives(tmp_path: Path, tls: Tls) -> None:
    async with mail_server(tls.server) as server:
        assert await steps_of(MAIL, tmp_path, server) == 2
    [mail] = server.mails
    assert str(mail.message["From"]) == "para <hello@orchard.test>"
    assert mail.message["Reply-To"] == "ann@orchard.test"
    assert "They are <em>ripe</em>." in mail.html


async def test_the_form_of_the_page_sends_and_stores(tmp_path: Path, tls: Tls) -> None:
    def verdict(asked: Asked) -> Told:
        solved = {"secret": f"1x{0:031}AA", "response": "a solved puzzle"}
        return json_of({"success": asked.form == solved})

    async with mail_server(tls.server) as server, web(verdict) as service:
        here = {"captcha.turnstile_url": f"{service.url}/turnstile"}
        assert await steps_of(FORMS, tmp_path, server, **here) == 3
    assert [asked.path for asked in service.asked] == ["/turnstile"] * 2
    [mail] = server.mails
    assert mail.message["Subject"] == "Contact: New message from Bob <bob@orchard.test>"
    assert mail.text == "Are the apples ripe?\n\n\u2014 Bob <bob@orchard.test>\n"


async def test_the_link_of_the_page_confirms(tmp_path: Path, tls: Tls) -> None:
    async with mail_server(tls.server) as server:
        text = CONFIRM.read_text(encoding="utf-8").replace("smtp.orchard.test", HOST)
        page = tmp_path / CONFIRM.name
        page.write_text(text.replace("587", str(server.port)), encoding="utf-8")
        here = {"outbound.hosts": f"{HOST}:{server.port}"}
        assert await steps_of(page, tmp_path, server, **here) == 3
    confirm, welcome = server.mails  # the server waits for its mails before it ends
    assert confirm.message["Subject"] == "Confirm your address for orchard"
    assert "https://orchard.test/confirm?id=ann%40orchard.test&token=" in confirm.text
    assert (welcome.message["Subject"], welcome.recipients) == (
        "Welcome to orchard",
        ["bob@orchard.test"],
    )


def test_a_password_is_reset_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    values = {"dao": "MemoryDAO", "search": "MemorySearch", "fs": "MemoryFileStore"}
    lines = [f'para.{name} = "{value}"' for name, value in {**values, "plugin_folder": ""}.items()]
    (tmp_path / "application.conf").write_text("\n".join(lines), encoding="utf-8")
    assert check_steps(RESET, 0) == 1
