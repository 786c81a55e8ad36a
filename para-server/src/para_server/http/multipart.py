"""The fields and files of a form, as browsers send them: ``multipart/form-data`` (RFC 7578)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["FileField", "FormFields", "UnreadableFormError", "is_multipart", "read_form"]

_KIND = b"multipart/form-data"
_BOUNDARY = re.compile(
    rb";\s*boundary=(?:\"([0-9A-Za-z'()+_,./:=? -]{1,70})\"|([0-9A-Za-z'+_./-]{1,70}))\s*(?=;|\Z)",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r';\s*([A-Za-z-]{1,20})=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))')
_ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}  # the three that browsers escape in names
_LONGEST_HEAD = 4096  # bytes, of one part


class UnreadableFormError(Exception):
    """A body is no form, or has more fields or larger ones than are read."""


@dataclass(frozen=True, slots=True)
class FileField:
    """A file that somebody chose; what it is called and what type it is, is their word."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FormFields:
    """What a form has; of several values of one name the first counts."""

    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, FileField] = field(default_factory=dict)


def is_multipart(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a body says of itself that it is a form."""
    kind = headers.get(b"content-type", b"")
    return kind.partition(b";")[0].strip().lower() == _KIND


def read_form(
    headers: Mapping[bytes, bytes], body: bytes, *, most_fields: int, most_bytes: int
) -> FormFields:
    """Read a form.

    Texts are UTF-8, or Latin-1 where they are not; a charset that somebody names counts for
    nothing. A file without name and content is what browsers send when none was chosen.

    Args:
        headers: Of the request.
        body: Of the request.
        most_fields: How many fields and files there may be.
        most_bytes: How large each of them may be that is no file.

    Raises:
        UnreadableFormError: It is none, or too much.
    """
    found = FormFields()
    for head, content in _parts(_boundary_of(headers), body, most_fields):
        fields = _headers(head)
        named = _parameters(fields.get("content-disposition", ""))
        if "name" not in named:
            raise UnreadableFormError
        if "filename" in named:
            kind = fields.get("content-type", "")
            if content or named["filename"]:
                found.files.setdefault(named["name"], FileField(named["filename"], kind, content))
        elif len(content) > most_bytes:
            raise UnreadableFormError
        else:
            found.texts.setdefault(named["name"], _text(content))
    return found


def _boundary_of(headers: Mapping[bytes, bytes]) -> bytes:
    found = _BOUNDARY.search(headers.get(b"content-type", b""))
    if found is None:
        raise UnreadableFormError
    return found[1] or found[2]


def _parts(boundary: bytes, body: bytes, most: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield head and content of each part; what stands before the first counts for nothing."""
    line = b"\r\n--" + boundary
    pieces = (b"\r\n" + body).split(line, most + 1)[1:]
    for piece in pieces:
        rest = piece.lstrip(b" \t")
        if rest.startswith(b"--"):
            return
        head, blank, content = rest.partition(b"\r\n\r\n")
        if not head.startswith(b"\r\n") or not blank or len(head) > _LONGEST_HEAD:
            break
        yield head, content
    raise UnreadableFormError  # it breaks off, or has more parts


def _headers(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in _text(head).split("\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _parameters(disposition: str) -> dict[str, str]:
    if not disposition.lower().startswith("form-data"):
        return {}
    return {
        found[1].lower(): _unescaped(found[2] if found[3] is None else found[3])
        for found in _PARAMETER.finditer(disposition)
    }


def _unescaped(text: str) -> str:
    for escaped, char in _ESCAPED.items():
        text = text.replace(escaped, char)
    return text.replace('\\"', '"')


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
