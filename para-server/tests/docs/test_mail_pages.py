"""The how-to pages about mail, run against a server that sends through a mail server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ..mail.smtp_server import (  # noqa: TID252 - tests have no absolute names
    HOST,
    PASSWORD,
    USERNAME,
    mail_server,
    tls_of,
)
from .pages import DOCS, blocks_of
from .running_pages import check_steps
from .server import running

MAIL = DOCS / "how-to" / "send-mail.md"
SECRET = "a secret for this example, 0123456789"  # noqa: S105 - of the pages


async def test_the_mail_of_the_page_arrives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = next(block.text for block in blocks_of(MAIL) if block.language == "hocon")
    assert f'"{USERNAME}"' in config
    (tmp_path / "application.conf").write_text(config, encoding="utf-8")
    tls = tls_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.authority))
    async with mail_server(tls.server) as server:
        here = {"mail.host": HOST, "mail.port": server.port, "root_secret_override": SECRET}
        options = [part for key in here for part in ("--set", f"para.{key}={here[key]}")]

        def run() -> int:
            with running(tmp_path, *options) as port:
                return check_steps(MAIL, port)

        assert await asyncio.to_thread(run) == 2
    [mail] = server.mails
    assert str(mail.message["From"]) == "para <hello@orchard.test>"
    assert mail.message["Reply-To"] == "ann@orchard.test"
    assert "They are <em>ripe</em>." in mail.html
