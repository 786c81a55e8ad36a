"""What ``para-server doctor`` tells of mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from para_core.checks import Finding, Verdict
from para_core.config import load_config
from para_server.doctor import mail
from para_server.doctor.mail import examine_mail

from .smtp_server import HOST, PASSWORD, USERNAME, mail_server, odd_server, tls_of


async def find(**more: str) -> Finding:
    values = {"plugin_folder": "", "emailer": "JavaMailEmailer", "mail.ssl": "false", **more}
    config = load_config(
        overrides={f"para.{name}": value for name, value in values.items()}, environ={}
    )
    [found] = await examine_mail(config)
    return found


def account(port: int, **more: str) -> dict[str, str]:
    usual = {"host": HOST, "port": str(port), "username": USERNAME, "password": PASSWORD}
    return {f"mail.{name}": value for name, value in {**usual, **more}.items()}


async def test_a_mail_server_that_takes_the_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = tls_of(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.authority))
    async with mail_server(tls.server) as server:
        found = await find(**account(server.port))
        assert (found.verdict, found.said) == (Verdict.GOOD, f"{HOST}:{server.port} can be used")
        found = await find(**account(server.port, password="wrong"))  # noqa: S106
    assert found.verdict is Verdict.BAD
    assert "refuses the login (535)" in found.said
    assert "para.mail" in found.advice
    assert (set(server.logins), server.mails) == ({USERNAME}, [])


async def test_a_mail_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "_LONGEST_SEC", 0.2)
    async with odd_server(b"") as port:
        found = await find(**account(port))
    assert found.verdict is Verdict.BAD
    assert "does not answer within" in found.said


async def test_no_mail_server() -> None:
    found = await find(**{"mail.host": " "})
    assert found.verdict is Verdict.ADVICE
    found = await find(emailer="NoopEmailer")
    assert (found.verdict, found.said) == (
        Verdict.GOOD,
        "para.emailer = NoopEmailer; no mail server is asked",
    )


async def test_a_mail_server_that_nobody_uses() -> None:
    found = await find(emailer="NoopEmailer", **account(25))
    assert found.verdict is Verdict.ADVICE
    assert "no mail is sent" in found.said
    assert "JavaMailEmailer" in found.advice


async def test_an_emailer_that_is_not_there_is_told_elsewhere() -> None:
    config = load_config(
        overrides={"para.plugin_folder": "", "para.emailer": "AWSEmailer"}, environ={}
    )
    assert list(await examine_mail(config)) == []
