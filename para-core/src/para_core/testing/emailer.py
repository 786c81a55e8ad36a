"""The suite that every emailer passes."""

from __future__ import annotations

import logging

import pytest

from para_core.contracts.emailer import Attachment, Emailer
from para_core.objects import App

__all__ = ["EmailerSuite"]

ADDRESS = "margot@example.com"


class EmailerSuite:
    """What every emailer promises; provide the fixture ``emailer``, open and able to send."""

    @pytest.mark.parametrize("recipients", [[], [""], [" "]], ids=["none", "empty", "blank"])
    async def test_without_recipients_nothing_is_sent(
        self, emailer: Emailer, recipients: list[str]
    ) -> None:
        assert not await emailer.send(None, recipients, "Subject", "<p>Body</p>")

    @pytest.mark.parametrize("body", ["", " \n"], ids=["empty", "blank"])
    async def test_without_a_body_nothing_is_sent(self, emailer: Emailer, body: str) -> None:
        assert not await emailer.send(None, [ADDRESS], "Subject", body)

    @pytest.mark.parametrize("subject", ["Čaj", ""], ids=["subject", "no subject"])
    async def test_a_mail_is_sent(self, emailer: Emailer, subject: str) -> None:
        assert await emailer.send(None, [ADDRESS], subject, "<p>Tea</p>")

    async def test_a_mail_of_an_app_with_a_file_is_sent(self, emailer: Emailer) -> None:
        file = Attachment("tea.txt", "text/plain", b"tea")
        app = App(id="app:teahouse", name="Tea house")
        sent = await emailer.send(app, [ADDRESS, "x@y.org"], "Tea", "<p>x</p>", attachment=file)
        assert sent

    async def test_an_answer_may_go_to_somebody_else(self, emailer: Emailer) -> None:
        assert await emailer.send(None, [ADDRESS], "Tea", "<p>x</p>", reply_to="guest@y.org")

    @pytest.mark.parametrize(
        "odd",
        ["two\r\nBcc: all@example.com", "half \ud800", "\x00", "x" * 2000, "=?utf-8?q?x?="],
        ids=["lines", "half a character", "zero", "long", "encoded"],
    )
    async def test_odd_texts_are_sent(self, emailer: Emailer, odd: str) -> None:
        app = App(id="app:teahouse", name=odd)
        file = Attachment(odd, odd, b"tea")
        assert await emailer.send(app, [ADDRESS], odd, f"<p>x{odd}</p>", attachment=file)

    async def test_the_log_says_neither_who_nor_what(
        self, emailer: Emailer, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            await emailer.send(None, [ADDRESS], "secret-subject", "<p>secret-body</p>")
        logged = " ".join(str(vars(record)) for record in caplog.records)
        for private in (ADDRESS, "secret-subject", "secret-body"):
            assert private not in logged
