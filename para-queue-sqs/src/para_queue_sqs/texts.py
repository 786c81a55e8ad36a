"""Messages as SQS takes them: any text of Para in, the same text out.

SQS refuses some characters (W3C XML 1.0, production Char) and texts above a size. Such a message
goes compressed, as base64, with an attribute that says so. All others go as they are, so that other
programs can write and read them.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from para_core.errors import UnusableBodyError

__all__ = ["AT_ONCE", "SMALLEST_LIMIT", "Text", "cleaned", "decoded", "encoded", "groups"]

AT_ONCE = 10
"""Messages in one request, at most."""

SMALLEST_LIMIT = 262_144
"""Bytes of a message that every queue takes, and of all messages of one request."""

ENCODING = "ParaEncoding"
_ZLIB = "zlib,base64"
_STRING = "String"
_REFUSED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LARGEST = 64 * 1024 * 1024  # what a compressed message may become


@dataclass(frozen=True, slots=True)
class Text:
    """A body with its attributes, and how many bytes of the limit they take."""

    body: str
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes that count against the limits."""
        more = ((name, _STRING, value) for name, value in self.attributes.items())
        return _bytes(self.body) + sum(_bytes(text) for each in more for text in each)

    def entry(self, key: str) -> dict[str, object]:
        """Return it as an entry of a request."""
        entry: dict[str, object] = {"Id": key, "MessageBody": self.body}
        if self.attributes:
            entry["MessageAttributes"] = {
                name: {"DataType": _STRING, "StringValue": value}
                for name, value in self.attributes.items()
            }
        return entry


def encoded(message: str, limit: int, attributes: Mapping[str, str] | None = None) -> Text:
    """Return a message as it is sent.

    Raises:
        UnusableBodyError: It is too large even when it is compressed.
    """
    text = Text(message, dict(attributes or {}))
    if text.size <= limit and not _REFUSED.search(message):
        return text
    packed = base64.b64encode(zlib.compress(message.encode("utf-8", "surrogatepass"))).decode()
    text = Text(packed, {**text.attributes, ENCODING: _ZLIB})
    if text.size > limit:
        raise UnusableBodyError(
            f"a message of {_bytes(message)} bytes is too large for the queue, which takes {limit}"
        )
    return text


def decoded(body: str, attributes: Mapping[str, str]) -> str:
    """Return a message as it was pushed.

    Raises:
        UnusableBodyError: Its encoding is unknown, or it is not in it.
    """
    encoding = attributes.get(ENCODING)
    if encoding is None:
        return body
    if encoding != _ZLIB:
        raise UnusableBodyError(f"the message is in the unknown encoding {encoding!r}")
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(base64.b64decode(body, validate=True), _LARGEST)
        is_whole = unpacking.eof
        message = data.decode("utf-8", "surrogatepass")
    except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
        raise UnusableBodyError("the message cannot be unpacked") from error
    if not is_whole:
        raise UnusableBodyError("the message cannot be unpacked, or is too large")
    return message


def cleaned(text: str, most: int) -> str:
    """Return a text that an attribute can hold: without what SQS refuses, cut, and not empty."""
    return _REFUSED.sub("", text)[:most].strip() or "-"


def groups(texts: Iterable[Text], limit: int) -> Iterator[list[Text]]:
    """Part texts into what one request takes, in their order."""
    group: list[Text] = []
    size = 0
    for text in texts:
        if group and (len(group) == AT_ONCE or size + text.size > limit):
            yield group
            group, size = [], 0
        group.append(text)
        size += text.size
    if group:
        yield group


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
