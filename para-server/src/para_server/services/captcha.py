"""Whether a person filled in a form: the word of the service that showed the puzzle."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct

from para_core.errors import UnavailableError

if TYPE_CHECKING:
    from para_core.contracts.outbound import Outbound

__all__ = ["CAPTCHA_FIELDS", "Captcha", "CaptchaSettings", "service_of"]

logger = logging.getLogger(__name__)

_AT_ONCE = 20  # of the connections that lead out, so that forms leave some to sign-in
_LONGEST_WAIT_SEC = 5.0  # for one of these
_LONGEST_RESPONSE = 8192  # characters; those of the three services have up to some thousand
_HEADERS = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


class CaptchaSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.captcha``: who is asked about the puzzles of forms."""

    service: Annotated[
        Literal["", "recaptcha", "hcaptcha", "turnstile"],
        Meta(
            description="Whose the secrets of forms are that do not look like those of any "
            "service: `recaptcha`, `hcaptcha` or `turnstile`; blank to trust none with them."
        ),
    ] = ""
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
    "recaptcha": "g-recaptcha-response",
    "hcaptcha": "h-captcha-response",
    "turnstile": "cf-turnstile-response",
}
"""The field that each service puts into a form."""

_SECRETS = {
    "recaptcha": re.compile(r"6L[\w-]{38}", re.ASCII),
    "hcaptcha": re.compile(r"ES_\w+|0x[0-9a-fA-F]{40}", re.ASCII),
    "turnstile": re.compile(r"0x4A[\w-]{20,60}|[1-3]x[\w-]{33}", re.ASCII),
}
"""How the secrets of the services look, those for tests too."""


class _Verdict(Struct, frozen=True):
    success: bool


def service_of(secret: str, setting: str) -> str:
    """Return whose a secret is: what it looks like, else what is set; ``""`` for nobody's."""
    for name, pattern in _SECRETS.items():
        if pattern.fullmatch(secret):
            return name
    return setting


class Captcha:
    """Asks the service whose secret a form has; what a visitor sends has no say in that."""

    def __init__(self, outbound: Outbound, settings: CaptchaSettings) -> None:
        self._outbound, self._settings = outbound, settings
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def is_solved(self, secret: str, fields: Mapping[str, str]) -> bool:
        """Tell whether the service says so; without a secret or a response it is not asked.

        Args:
            secret: What the service and the owner of the form share.
            fields: Of the form; the one of ``CAPTCHA_FIELDS`` that the service fills in counts.

        Raises:
            UnavailableError: The service cannot be reached, or answers something else.
        """
        secret = secret.strip()
        if not secret:
            return False
        service = service_of(secret, self._settings.service)
        if not service:
            logger.warning("a form has a secret of no service known; set para.captcha.service")
            return False
        response = fields.get(CAPTCHA_FIELDS[service], "").strip()
        if not response or len(response) > _LONGEST_RESPONSE:
            return False
        return await self._ask(getattr(self._settings, f"{service}_url"), secret, response)

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
