"""Log lines of the process: one line an event, its data behind the message."""

from __future__ import annotations

import logging
import sys

__all__ = ["set_up_logging"]

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message"}


class _Line(logging.Formatter):
    """Text lines that end with the data of the event as ``name=value``."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        data = " ".join(
            f"{name}={value!r}" for name, value in record.__dict__.items() if name not in _STANDARD
        )
        return f"{text} {data}" if data else text


def set_up_logging(level: str = "INFO") -> None:
    """Write log lines of this level and above to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.getLevelNamesMapping().get(level.upper(), logging.INFO))
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
