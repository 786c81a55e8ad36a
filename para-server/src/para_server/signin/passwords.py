"""Passwords: hashing and checking them, without holding up anybody else.

Stored hashes are bcrypt's, as the original made them, or Argon2id's. New ones are of the scheme
that ``para.security.password_hash`` names; a bcrypt hash is replaced when its owner signs in.

One check with bcrypt costs a quarter of a second of a core. A process of its own makes it, one at a
time, and yields to everything else; a short queue waits for it, and whoever comes when the queue is
full is told to come back. Where such a process gets nowhere, or cannot be had, a thread of low
priority does the work. A check for an account that is not there, or has no password, takes as long
as any other.
Source: Para 1.54, ``Utils.bcrypt`` and ``Utils.bcryptMatches``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from para_core.errors import UnavailableError
from para_server.signin.hashing import (
    ARGON2_KIB,
    ARGON2_ROUNDS,
    Compare,
    MakeArgon2,
    MakeBcrypt,
    Task,
    perform,
)
from para_server.signin.hashing_process import HashingProcess

__all__ = ["ARGON2ID", "BCRYPT", "LONGEST", "BusyError", "PasswordChecker", "is_usable"]

logger = logging.getLogger(__name__)

BCRYPT, ARGON2ID = "bcrypt", "argon2id"

LONGEST = 72
"""Bytes of UTF-8 that bcrypt looks at; a longer password is no password."""

_SHORTEST_EVER = 1
_COST = 12
_HIGHEST_COST = 14
_QUICK_COST = 6  # of bcrypt: less work than to let another process do it
_NICE = 10  # of 19: a password waits for requests, not the other way round
_BCRYPT = re.compile(r"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}")
_ARGON2 = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=\d\$[+/\w]{11,64}\$[+/\w]{22,128}", re.ASCII
)
_ARGON2_MOST = 1 << 19  # KiB times rounds, as many as a core does in a second


class BusyError(UnavailableError):
    """Too many passwords wait to be checked; nothing was checked, so ask again in a second."""

    code = "passwords-busy"


def is_usable(password: str, *, shortest: int = 8) -> bool:
    """Tell whether this may become somebody's password.

    Args:
        password: At most 72 bytes of UTF-8, and not blank.
        shortest: Bytes it must have at least (``para.min_password_length``).
    """
    size = len(password.encode("utf-8", "surrogatepass"))
    return bool(password.strip()) and shortest <= size <= LONGEST and _has_text(password)


class PasswordChecker:
    """Hashes and checks passwords, one at a time, beside whatever else the server does.

    Open it with the app's lifespan: ``async with PasswordChecker() as passwords``.
    """

    def __init__(
        self,
        *,
        waiting: int = 16,
        cost: int = _COST,
        scheme: str = BCRYPT,
        process: HashingProcess | None = None,
    ) -> None:
        """Start no process and no thread yet.

        Args:
            waiting: How many callers wait besides the one that is served; more get ``BusyError``.
            cost: The exponent of bcrypt's rounds for new hashes.
            scheme: What new hashes are made with: ``bcrypt`` or ``argon2id``.
            process: Who does the work; the checker ends it.
        """
        self._waiting, self._cost, self._scheme = waiting, cost, scheme
        self._turn, self._serving = asyncio.Lock(), set[asyncio.Task[bool | str]]()
        self._process = process or HashingProcess()
        self._pool = ThreadPoolExecutor(1, "passwords", initializer=_be_nice)
        # Hashed like any other, so that a check against it takes as long; it matches nothing.
        self._nobody = f"$2b${cost:02}$" + "." * 53
        if scheme == ARGON2ID:
            parameters = f"m={ARGON2_KIB},t={ARGON2_ROUNDS},p=1"
            self._nobody = f"$argon2id$v=19${parameters}${'A' * 22}${'A' * 43}"

    async def __aenter__(self) -> Self:
        """Return the checker; nothing is started before the first password."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drop what waits, and end process and thread; whoever comes later is turned away."""
        self._waiting = -1
        for serving in self._serving:
            serving.cancel()
        self._process.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return a hash of a password that ``is_usable``: ``$2b$12$…`` or ``$argon2id$…``.

        Raises:
            BusyError: Too many passwords wait.
        """
        is_new = self._scheme == ARGON2ID
        task = MakeArgon2(password) if is_new else MakeBcrypt(password, self._cost)
        return str(await self._run(task))

    async def check(self, password: str, hashed: str | None) -> bool:
        """Tell whether a password is the one that was hashed.

        Args:
            password: Anything; what cannot be a password matches nothing.
            hashed: ``None`` or nonsense when there is no account or no password: false, after the
                time that a real check takes.

        Raises:
            BusyError: Too many passwords wait.
        """
        known = _readable(hashed)
        can_match = known is not None and _can_be_one(password)
        task = Compare(password if can_match else "-", known or self._nobody)
        return await self._run(task) is True and can_match

    def is_outdated(self, hashed: str) -> bool:
        """Tell whether a hash, whose password is at hand, should be replaced by a new one."""
        return self._scheme == ARGON2ID and not hashed.startswith("$argon2id$")

    async def _run(self, task: Task) -> bool | str:
        if len(self._serving) > self._waiting:
            message = "too many passwords wait to be checked; ask again in a second"
            raise BusyError(message)
        # A caller that gives up stops no work, so its place is taken until that is done.
        serving = asyncio.create_task(self._serve(task))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        return await asyncio.shield(serving)

    async def _serve(self, task: Task) -> bool | str:
        async with self._turn:
            outcome = None if _is_quick(task) else await self._process.ask(task)
            if outcome is not None:
                return outcome
            return await asyncio.get_running_loop().run_in_executor(self._pool, perform, task)


def _is_quick(task: Task) -> bool:
    match task:
        case MakeBcrypt(cost=cost):
            return cost <= _QUICK_COST
        case Compare(hashed=hashed):
            return hashed.startswith("$2") and _cost_of(hashed) <= _QUICK_COST
        case _:
            return False


def _readable(hashed: str | None) -> str | None:
    """Return a hash that can be checked; the versions of bcrypt differ in name only.

    An app stores hashes itself. One that would keep the thread busy for more than a second is
    refused, since all apps share it.
    """
    if hashed is None:
        return None
    if _BCRYPT.fullmatch(hashed) is not None:
        return hashed if _cost_of(hashed) <= _HIGHEST_COST else None
    found = _ARGON2.fullmatch(hashed)
    if found is None:
        return None
    kib, rounds = int(found[1]), int(found[2])
    return hashed if 0 < kib * rounds <= _ARGON2_MOST else None


def _cost_of(hashed: str) -> int:
    return int(hashed[4:6])


def _can_be_one(password: str) -> bool:
    return _has_text(password) and _SHORTEST_EVER <= len(password.encode()) <= LONGEST


def _has_text(password: str) -> bool:
    """Tell whether it is text that bcrypt reads to its end: no lone surrogate, no zero byte."""
    return "\0" not in password and not any("\ud800" <= char <= "\udfff" for char in password)


def _be_nice() -> None:
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
    except OSError:
        logger.info("passwords are checked at normal priority")
