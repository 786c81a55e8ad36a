"""``SmtpEmailer`` passes the suite of emailers, against a server with STARTTLS and a login."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.config import Config
from para_core.testing.emailer import EmailerSuite
from para_server.mail.accounts import MailAccounts
from para_server.mail.smtp import SmtpEmailer
from para_server.outbound import Addresses

from ..mail.smtp_server import (  # noqa: TID252 - tests have no absolute names
    HOST,
    PASSWORD,
    USERNAME,
    mail_server,
    tls_of,
)


class TestSmtpEmailer(EmailerSuite):
    @pytest.fixture
    async def emailer(self, tmp_path: Path) -> AsyncIterator[SmtpEmailer]:
        tls = tls_of(tmp_path)
        async with mail_server(tls.server) as server:
            values = {
                "para.app_name": "teahouse",  # so the suite's app is the root app
                "para.mail.host": HOST,
                "para.mail.port": str(server.port),
                "para.mail.username": USERNAME,
                "para.mail.password": PASSWORD,
                "para.mail.ssl": "false",
                "para.support_email": "tea@example.com",
            }
            accounts = MailAccounts(Config(values), "teahouse")
            addresses = Addresses(allow_private=True)
            async with SmtpEmailer(accounts, addresses, tls=tls.client) as emailer:
                yield emailer
