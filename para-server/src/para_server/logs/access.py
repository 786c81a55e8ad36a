"""The access log: a line for each answer, in the common log format, in a file of its day.

Noting an answer costs a request a fraction of a microsecond; the lines are made and written many at
a time. Values of a query are left out, except those that are never a secret.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from para_core.contracts.component import Component
from para_core.tasks import cancelled

__all__ = ["AccessLog"]

logger = logging.getLogger(__name__)

_FLUSH_SEC = 1.0
_MOST_KEPT = 1000  # answers
_LONGEST_KEPT = 300  # bytes of an address whose word is kept
_DAY_SEC = 86_400
_MODE = 0o640
_NAME = re.compile(r"para-access_\d{4}_\d\d_\d\d\.log")
_SHOWN = frozenset(
    b"count desc id ids lastKey limit page querytype select sort type".lower().split()
)


class AccessLog(Component):
    """Writes ``para-access_yyyy_MM_dd.log``."""

    def __init__(self, folder: Path, *, keep_days: int = 31) -> None:
        self._folder, self._keep_days = folder, keep_days
        self._kept: list[tuple[Any, str, bytes, bytes, int, int]] = []
        self._day, self._file = "", -1
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to write, again and again."""
        self._task = asyncio.create_task(self._run(), name="access log")

    async def close(self) -> None:
        """Write the rest."""
        task, self._task = self._task, None
        await cancelled(task)
        self._flush()
        if self._file >= 0:
            os.close(self._file)
            self._file, self._day = -1, ""

    def note(self, scope: Mapping[str, Any], status: int, size: int) -> None:
        """Take note of an answer; a ``size`` below 0 is not known."""
        kept = self._kept
        kept.append(
            (
                scope.get("client"),
                scope["method"],
                scope["raw_path"],
                scope["query_string"],
                status,
                size,
            )
        )
        if len(kept) >= _MOST_KEPT:
            self._flush()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SEC)
            self._flush()

    def _flush(self) -> None:
        kept, self._kept = self._kept, []
        if not kept:
            return
        now = time.time()
        stamp = _stamp(int(now))
        lines = [
            f'{_host(client)} - - [{stamp}] "{method} {_target(path, query)} '
            f'HTTP/1.1" {status} {size if size >= 0 else "-"}\n'
            for client, method, path, query, status, size in kept
        ]
        try:
            self._begin_day(now)
            os.write(self._file, "".join(lines).encode())
        except OSError as error:
            logger.warning("answers are missing in the access log: %s", error)

    def _begin_day(self, now: float) -> None:
        day = time.strftime("%Y_%m_%d", time.localtime(now))
        if day == self._day:
            return
        path = self._folder / f"para-access_{day}.log"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
        if self._file >= 0:
            os.close(self._file)
        self._file, self._day = file, day
        if self._keep_days:
            oldest = now - self._keep_days * _DAY_SEC
            for old in self._folder.iterdir():
                if _NAME.fullmatch(old.name) and old.stat().st_mtime < oldest:
                    old.unlink(missing_ok=True)


def _host(client: tuple[str, int] | None) -> str:
    """Return an address; one of IPv4 as such, also on a socket of IPv6."""
    return client[0].removeprefix("::ffff:") if client else "-"


@lru_cache(maxsize=2)
def _stamp(second: int) -> str:
    moment = datetime.fromtimestamp(second).astimezone()
    return moment.strftime("%d/%b/%Y:%H:%M:%S %z")


def _target(path: bytes, query: bytes) -> str:
    """Return what was asked for, without what might be a secret, as one word."""
    if len(path) + len(query) <= _LONGEST_KEPT:
        return _word(path, query)
    return _word.__wrapped__(path, query)


@lru_cache(maxsize=4096)
def _word(path: bytes, query: bytes) -> str:
    shown = path + b"?" + b"&".join(map(_part, query.split(b"&"))) if query else path
    text = shown.decode("ascii", "backslashreplace")
    return "".join(c if "!" <= c <= "~" and c != '"' else f"\\x{ord(c):02x}" for c in text)


def _part(part: bytes) -> bytes:
    name, sign, _ = part.partition(b"=")
    if not sign:
        return b"*"  # a value alone, or a name: nobody knows
    return part if name.lower() in _SHOWN else name + b"=*"
