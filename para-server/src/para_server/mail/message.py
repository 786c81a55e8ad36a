"""A mail as it goes over the wire: headers that cannot be broken out of, text beside the HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.errors import MessageError
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING

from msgspec import Struct

from para_core.html_text import lines_of_html

if TYPE_CHECKING:
    from para_core.contracts.emailer import Attachment

__all__ = ["Letter", "plain_address", "sender_address", "wire_of"]

_POLICY = SMTP.clone(cte_type="7bit", max_line_length=78)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ZEROS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MEDIA_TYPE = re.compile(
    r"([a-z0-9][a-z0-9.+-]{0,60})/([a-z0-9][a-z0-9.+_-]{0,100})", re.IGNORECASE
)
_NAMED = re.compile(r"[^<>\r\n]*<([^<>\s]+)>")
_COMPOSED = frozenset({"multipart", "message"})  # types that mail programs would look into
_LONGEST_NAME, _LONGEST_SUBJECT = 200, 900  # characters; RFC 5322 ends lines after 998


class Letter(Struct, frozen=True):
    """What is sent, to whom it is addressed, and who is named as its sender."""

    name: str
    address: str
    recipients: Sequence[str]
    subject: str
    body_html: str
    reply_to: str = ""
    attachment: Attachment | None = None


def wire_of(letter: Letter) -> bytes:
    """Return the bytes of a mail; the addresses in it are ``plain_address`` ones.

    Several recipients do not see each other: none of them is named.
    """
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = _line(letter.subject)[:_LONGEST_SUBJECT]
    message["From"] = Address(_line(letter.name)[:_LONGEST_NAME], addr_spec=letter.address)
    if len(letter.recipients) == 1:
        message["To"] = Address(addr_spec=letter.recipients[0])
    else:
        message["To"] = Group("undisclosed-recipients", ())
    if letter.reply_to:
        message["Reply-To"] = Address(addr_spec=letter.reply_to)
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=letter.address.rpartition("@")[2])
    html = _text(letter.body_html)
    message.set_content(lines_of_html(html) + "\n", charset="utf-8")
    message.add_alternative(html, subtype="html", charset="utf-8")
    if letter.attachment is not None:
        _attach(message, letter.attachment)
    return message.as_bytes()


def plain_address(address: str) -> str:
    """Return an address in ASCII, its domain encoded; blank when that cannot be.

    Nothing in it ends a line or a header, whoever wrote it.
    """
    local, at, domain = address.strip().rpartition("@")
    try:
        encoded = f"{local}{at}{domain.encode('idna').decode('ascii')}"
        parsed = Address(addr_spec=encoded)
    except (ValueError, IndexError, MessageError):  # the parser trips over some texts
        return ""
    return encoded if encoded.isascii() and parsed.domain and parsed.username else ""


def sender_address(text: str) -> str:
    """Return the address in ``Name <address>``; any other text is returned as it is."""
    found = _NAMED.fullmatch(text.strip())
    return found[1] if found else text


def _attach(message: EmailMessage, file: Attachment) -> None:
    found = _MEDIA_TYPE.fullmatch(file.media_type.partition(";")[0].strip())
    family, kind = found.groups() if found else ("application", "octet-stream")
    if family.lower() in _COMPOSED:
        family, kind = "application", "octet-stream"
    name = _line(file.name).replace("/", "_").replace("\\", "_")[:_LONGEST_NAME]
    message.add_attachment(file.content, maintype=family, subtype=kind, filename=name or "file")


def _line(text: str) -> str:
    return _UNPRINTABLE.sub(" ", _whole(text)).strip()


def _text(text: str) -> str:
    return _ZEROS.sub("", _whole(text))


def _whole(text: str) -> str:
    """Return a text whose half characters are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")
