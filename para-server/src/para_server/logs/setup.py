"""Where lines go, as the configuration says."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from para_core.settings.key import Kind
from para_core.settings.values import is_secret
from para_server.http.proxies import trusted_proxies_of
from para_server.logs.access import AccessLog
from para_server.logs.files import MAIN, METRICS, DatedHandler, Rotation
from para_server.logs.lines import JsonLines, Redactor, TextLines
from para_server.logs.requests import trust_proxies
from para_server.logs.settings import LogSettings
from para_server.metrics.reporting import METRICS_LOG

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["Logs"]

logger = logging.getLogger(__name__)

_OFF = "OFF"


class Logs:
    """The log of a process; close it at its end."""

    def __init__(self, config: Config) -> None:
        """Write lines where the configuration says, from now on.

        A log file that cannot be written is told of, and the others are.

        Raises:
            ConfigError: A setting of the log cannot be read.
        """
        settings = config.section("para.log", LogSettings)
        trust_proxies(trusted_proxies_of(config))
        self._folder = Path(config.text("para.logs_dir").strip() or ".")
        self._level = config.text("para.file_logger_level").strip().upper()
        self._access_days = settings.access_days
        self._has_access = config.flag("para.access_log_enabled")
        redact = Redactor(_secrets_of(config))
        self._lines = JsonLines(redact) if settings.format == "json" else TextLines(redact)
        self._handlers: list[logging.Handler] = []
        self._people: TextIO | None = None  # the console, where people read it
        root, metrics = logging.getLogger(), logging.getLogger(METRICS_LOG)
        root.handlers, metrics.handlers, metrics.propagate = [], [], False
        if settings.console != "off":
            stream = sys.stdout if settings.console == "stdout" else sys.stderr
            self._add(root, logging.StreamHandler(stream), settings.level)
            self._people = stream if settings.format == "text" else None
        if self.has_files:
            self._add_file(root, "para.log", MAIN)
            self._add_file(metrics, "para-metrics.log", METRICS)
        levels = [handler.level for handler in root.handlers]
        root.setLevel(min(levels, default=logging.WARNING))
        metrics.setLevel(logging.INFO)
        logging.getLogger("uvicorn").setLevel(logging.WARNING)

    @property
    def has_files(self) -> bool:
        """Whether anything goes to files."""
        return self._level != _OFF

    def access_log(self) -> AccessLog | None:
        """Return the access log, not yet open; ``None`` where there is none."""
        if not (self._has_access and self.has_files):
            return None
        return AccessLog(self._folder, keep_days=self._access_days)

    def greet(self, text: str) -> None:
        """Show lines that are for people only: on the console, if it is not off or for programs."""
        if self._people is not None:
            self._people.write(text)
            self._people.flush()

    def close(self) -> None:
        """Close the files."""
        for handler in self._handlers:
            for owner in (logging.getLogger(), logging.getLogger(METRICS_LOG)):
                if isinstance(handler, DatedHandler):
                    owner.removeHandler(handler)
            handler.close()

    def _add_file(self, owner: logging.Logger, name: str, rotation: Rotation) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handler = DatedHandler(self._folder / name, rotation)
        except OSError as error:
            path, reason = self._folder / name, error.strerror
            logger.warning("the log file %s cannot be written (%s)", path, reason)
            return
        self._add(owner, handler, self._level)

    def _add(self, owner: logging.Logger, handler: logging.Handler, level: str) -> None:
        handler.setFormatter(self._lines)
        handler.setLevel(_LEVELS.get(level, logging.INFO))
        owner.addHandler(handler)
        self._handlers.append(handler)


_LEVELS = {**logging.getLevelNamesMapping(), "TRACE": logging.DEBUG, "ALL": logging.DEBUG}
"""Levels by name, those of the original too."""


def _secrets_of(config: Config) -> list[str]:
    """Return the secrets of the configuration: the values of keys that name one."""
    names = [
        key.name
        for key in config.known_keys()
        if key.kind is Kind.TEXT and is_secret(key.name, "") and not key.name.endswith("_param")
    ]
    return [config.text(name) for name in names if config.is_set(name)]
