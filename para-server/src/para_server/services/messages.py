"""Messages that are sent by mail: what they say, and the rules that they keep."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from para_core.contracts.emailer import Attachment
from para_core.errors import ParaError
from para_core.formats import is_email
from para_core.text import is_blank, utf16_length

__all__ = ["InvalidMessageError", "Message", "attachment_of", "check", "read_message"]

_LONGEST, _LONGEST_MESSAGE = 255, 10_000  # characters as browsers count them
_MOST_RECIPIENTS = 10
_DATA_URL = re.compile(r"data:([^;,]{0,100})((?:;[^;,]{1,100})*?);base64,")


class InvalidMessageError(ParaError):
    """A message breaks rules; it is not sent."""

    code = "invalid-message"

    def __init__(self, *messages: str) -> None:
        self.messages = messages
        told = f": {', '.join(messages)}" if messages else "."
        super().__init__(f"Invalid form data{told}")


class Message(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """What a client wants to have sent; see ``POST /v1/_emails``.

    ``name`` and ``email`` are of the person who writes, ``file`` is a data URL.
    """

    name: str | None = None
    message: str | None = None
    to_emails: list[str | None] | None = None
    email: str | None = None
    subject: str | None = None
    plaintext_only: bool | None = True
    markdown_enabled: bool | None = False
    file: str | None = None

    @property
    def recipients(self) -> list[str]:
        """The first ten addresses, without blank ones."""
        first = (self.to_emails or [])[:_MOST_RECIPIENTS]
        return [address.strip() for address in first if address is not None and address.strip()]

    @property
    def sender(self) -> str:
        """The address of the person who writes; blank for none."""
        return (self.email or "").strip()

    @property
    def title(self) -> str:
        """The subject, or what stands for it."""
        if self.subject is not None and not is_blank(self.subject):
            return self.subject
        return f"New message from {self.name}" + (f" <{self.sender}>" if self.sender else "")


def read_message(body: bytes) -> Message:
    """Read a message from JSON.

    Raises:
        InvalidMessageError: It is none, or has fields that no message has.
    """
    try:
        return msgspec.json.decode(body, type=Message, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidMessageError from error


def check(message: Message) -> None:
    """Refuse a message that breaks a rule.

    Raises:
        InvalidMessageError: With all that is wrong, in its order.
    """
    wrong = [*_wrong_texts(message)]
    addresses = [message.sender, *message.recipients]
    wrong += [f"Invalid email '{a[:_LONGEST]}'." for a in addresses if a and not is_email(a)]
    if wrong:
        raise InvalidMessageError(*wrong)


def _wrong_texts(message: Message) -> Iterator[str]:
    for name, text, most, is_required in (
        ("name", message.name, _LONGEST, True),
        ("email", message.email, _LONGEST, False),
        ("message", message.message, _LONGEST_MESSAGE, True),
        ("subject", message.subject, _LONGEST, False),
    ):
        if is_required and is_blank(text):
            yield f"'{name}' must not be blank"
        if utf16_length(text or "") > most:
            yield f"'{name}' size must be between 0 and {most}"


def attachment_of(url: str | None) -> Attachment | None:
    """Return the file in a data URL, under a name of ours; ``None`` when there is none.

    Raises:
        InvalidMessageError: The text is no data URL in Base64.
    """
    if url is None or is_blank(url):
        return None
    found = _DATA_URL.match(url)
    if found is None:
        raise InvalidMessageError("'file' must be a data URL in Base64")
    try:
        content = base64.b64decode(url[found.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidMessageError("'file' must be a data URL in Base64") from error
    kind = found[1].strip().lower() or "application/octet-stream"
    return Attachment(f"attachment{mimetypes.guess_extension(kind) or ''}", kind, content)
