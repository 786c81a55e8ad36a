"""What a line looks like: text or JSON, with the data of the event, and without secrets."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

import msgspec

from para_core.settings.values import REDACTED
from para_server.logs.requests import request_id

__all__ = ["JsonLines", "Redactor", "TextLines"]

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message"}
_SHORTEST = 6  # characters of a secret; shorter ones would be found in every other word
_PATTERNS = [
    (re.compile(r"(?<=://)([^/@\s:'\"]*):[^/\s@]+@"), rf"\1:{REDACTED}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {REDACTED}"),
    (re.compile(r"(?i)\b(signature|credential|security-token)=[^\s,&'\"]+"), rf"\1={REDACTED}"),
    (re.compile(r"\bey[\w-]{10,}\.ey[\w-]{10,}\.[\w-]+"), REDACTED),  # a JSON Web Token
]
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127) if code != ord("\t")}
_CONTROLS |= {ord("\n"): "\\n", ord("\r"): "\\r"}


class Redactor:
    """Takes secrets out of a text: those of the configuration, and what looks like credentials.

    No line should have one in the first place. This is the second lock, for what drivers and
    libraries say in their errors.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, REDACTED)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text


class TextLines(logging.Formatter):
    """Lines for people, which end with the data of the event as ``name=value``.

    Only an error's traceback has more than one line: a message can never pretend to be another.
    """

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._redact = redact

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line without the traceback."""
        record.message = record.message.translate(_CONTROLS)
        data = " ".join(f"{name}={value!r}" for name, value in _data_of(record))
        text = super().formatMessage(record)
        return f"{text} {data}" if data else text

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole of it."""
        return self._redact(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line, for programs that collect logs."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        for name, value in _data_of(record):
            plain = value if isinstance(value, bool | int | float) else self._redact(str(value))
            line[f"{name}_" if name in line else name] = plain
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            line["error"] = {
                "type": kind.__name__,
                "message": self._redact(str(error)),
                "trace": self._redact("".join(traceback.format_exception(kind, error, trace))),
            }
        return msgspec.json.encode(line).decode()


def _data_of(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    """Yield the data of an event, and the id of the request it belongs to."""
    yield from ((k, v) for k, v in record.__dict__.items() if k not in _STANDARD)
    if (found := request_id()) and "request_id" not in record.__dict__:
        yield "request_id", found
