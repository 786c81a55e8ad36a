"""Asking a captcha service: how many at once, and how long the others wait."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from para_core.contracts.outbound import OutboundReply
from para_core.errors import UnavailableError
from para_server.services import captcha as module
from para_server.services.captcha import Captcha, CaptchaSettings

FIELDS = {"h-captcha-response": "solved"}


class Service:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.let, self.under_way, self.most = asyncio.Event(), 0, 0

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> OutboundReply:
        assert (method, body) == ("POST", b"secret=s+%26&response=solved")
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.let.wait()
        self.under_way -= 1
        return OutboundReply(200, b'{"success":true}')

    async def addresses_of(self, host: str, port: int) -> list[str]:
        return []


async def test_twenty_are_asked_at_a_time_and_the_others_wait() -> None:
    service = Service()
    captcha = Captcha(service, CaptchaSettings())
    asked = [asyncio.create_task(captcha.is_solved("s &", FIELDS)) for _ in range(50)]
    await asyncio.sleep(0.01)
    assert service.under_way == 20
    service.let.set()
    assert await asyncio.gather(*asked) == [True] * 50
    assert service.most == 20


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_WAIT_SEC", 0.05)
    service = Service()
    captcha = Captcha(service, CaptchaSettings())
    asked = [asyncio.create_task(captcha.is_solved("s &", FIELDS)) for _ in range(20)]
    await asyncio.sleep(0.01)
    with pytest.raises(UnavailableError, match="too many wait"):
        await captcha.is_solved("s &", FIELDS)
    service.let.set()
    assert await asyncio.gather(*asked) == [True] * 20
    assert await captcha.is_solved("s &", FIELDS)  # the turns have come back
