"""Whether a person filled in a form: the word of the service that showed the puzzle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct

from para_core.errors import UnavailableError

if TYPE_CHECKING:
    from para_core.contracts.outbound import Outbound

__all__ = ["CAPTCHA_FIELDS", "Captcha", "CaptchaSettings"]

_AT_ONCE = 20  # of the connections that lead out, so that forms leave some to sign-in
_LONGEST_WAIT_SEC = 5.0  # for one of these
_LONGEST_RESPONSE = 8192  # characters; those of the three services have up to some thousand
_HEADERS = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


class CaptchaSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.captcha``: who is asked about the puzzles of forms."""

    recaptcha_url: Annotated[
        str, Meta(description="Where reCAPTCHA tells whether a puzzle was solved.")
    ] = "https://www.google.com/recaptcha/api/siteverify"
    hcaptcha_url: Annotated[
        str, Meta(description="Where hCaptcha tells whether a puzzle was solved.")
    ] = "https://api.hcaptcha.com/siteverify"
    turnstile_url: Annotated[
        str, Meta(description="Where Turnstile tells whether a puzzle was solved.")
    ] = "https://challenges.cloudflare.com/turnstile/v0/siteverify"


CAPTCHA_FIELDS = {
    "g-recaptcha-response": "recaptcha_url",
    "h-captcha-response": "hcaptcha_url",
    "cf-turnstile-response": "turnstile_url",
}
"""The fields that the services put into a form, and the setting that tells where to ask."""


class _Verdict(Struct, frozen=True):
    success: bool


class Captcha:
    """Asks the service of the field that a form came with."""

    def __init__(self, outbound: Outbound, settings: CaptchaSettings) -> None:
        self._outbound, self._settings = outbound, settings
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def is_solved(self, secret: str, fields: Mapping[str, str]) -> bool:
        """Tell whether the service says so; without a secret or a response it is not asked.

        Args:
            secret: What the service and the owner of the form share.
            fields: Of the form; the first of ``CAPTCHA_FIELDS`` with a value counts.

        Raises:
            UnavailableError: The service cannot be reached, or answers something else.
        """
        for name, setting in CAPTCHA_FIELDS.items():
            response = fields.get(name, "").strip()
            if response:
                if not secret.strip() or len(response) > _LONGEST_RESPONSE:
                    return False
                return await self._ask(getattr(self._settings, setting), secret.strip(), response)
        return False

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SEC):
                await self._turns.acquire()
        except TimeoutError as error:
            raise UnavailableError("too many wait for the captcha service") from error
        try:
            yield
        finally:
            self._turns.release()

    async def _ask(self, url: str, secret: str, response: str) -> bool:
        body = urlencode({"secret": secret, "response": response}).encode()
        async with self._turn():
            reply = await self._outbound.send("POST", url, headers=_HEADERS, body=body)
        try:
            return msgspec.json.decode(reply.body, type=_Verdict).success
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"the captcha service answers {reply.status} and no verdict"
            raise UnavailableError(message) from error
