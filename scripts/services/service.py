"""What the supervisor has to know about one product."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


class ServiceError(Exception):
    """A product cannot be installed or started; the message says what helps."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one server runs: its folder, its port on 127.0.0.1 and its Unix account."""

    folder: Path  # empty at the start, removed after the stop
    port: int
    user: str | None  # None: the account of the caller


@dataclass(frozen=True, slots=True)
class Service:
    """One product: how it is installed, prepared, asked whether it is ready, and stopped."""

    name: str
    port: int  # taken when free, else any free one
    packages: Sequence[str]  # of Debian
    is_installed: Callable[[], bool]
    prepare: Callable[[Place], list[str]]  # fills the folder and answers the command line
    is_ready: Callable[[Place], bool]
    url: Callable[[Place], str]
    install: Callable[[], None] | None = None  # what is no Debian package
    is_on_request: bool = False  # started only by its name
    user: str | None = None  # the account to run as when root starts it
    stop_signal: signal.Signals = signal.SIGTERM
