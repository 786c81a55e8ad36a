"""Asking a captcha service: how many at once, and how long the others wait."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from para_core.config import Config
from para_core.contracts.outbound import OutboundReply
from para_core.errors import ConfigError, UnavailableError
from para_server.services import captcha as module
from para_server.services.captcha import Captcha, CaptchaSettings, service_of

FIELDS = {"h-captcha-response": "solved"}
SETTINGS = CaptchaSettings(service="hcaptcha")


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
    captcha = Captcha(service, SETTINGS)
    asked = [asyncio.create_task(captcha.is_solved("s &", FIELDS)) for _ in range(50)]
    await asyncio.sleep(0.01)
    assert service.under_way == 20
    service.let.set()
    assert await asyncio.gather(*asked) == [True] * 50
    assert service.most == 20


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_WAIT_SEC", 0.05)
    service = Service()
    captcha = Captcha(service, SETTINGS)
    asked = [asyncio.create_task(captcha.is_solved("s &", FIELDS)) for _ in range(20)]
    await asyncio.sleep(0.01)
    with pytest.raises(UnavailableError, match="too many wait"):
        await captcha.is_solved("s &", FIELDS)
    service.let.set()
    assert await asyncio.gather(*asked) == [True] * 20
    assert await captcha.is_solved("s &", FIELDS)  # the turns have come back


SECRETS = {
    "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe": "recaptcha",
    "0x" + "0" * 40: "hcaptcha",
    "0x" + "4AaF" * 10: "hcaptcha",
    "ES_" + "0a" * 16: "hcaptcha",
    "1x0000000000000000000000000000000AA": "turnstile",
    "0x4AAAAAAAAjq6WYeRDKmebM_abcdefghij": "turnstile",
}


@pytest.mark.parametrize("setting", ["", "recaptcha", "hcaptcha", "turnstile"])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_tells_whose_it_is(secret: str, setting: str) -> None:
    assert service_of(secret, setting) == SECRETS[secret]


@pytest.mark.parametrize("secret", ["a secret", "0x", "0x" + "0" * 39, "ES", "4x" + "0" * 33])
def test_of_another_secret_the_configuration_does(secret: str) -> None:
    assert service_of(secret, "turnstile") == "turnstile"
    assert service_of(secret, "") == ""


def test_a_service_that_nobody_knows_stops_the_start() -> None:
    with pytest.raises(ConfigError, match=r"para\.captcha\.service"):
        Config({"para.captcha.service": "other"}).section("para.captcha", CaptchaSettings)
