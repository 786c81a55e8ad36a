"""Passwords: hashing and checking them, without holding up anybody else.

Stored hashes are bcrypt's, as the original made them, or Argon2id's. New ones are of the scheme
that ``para.security.password_hash`` names; a bcrypt hash is replaced when its owner signs in.

One check with bcrypt costs a quarter of a second of a core. It runs in a thread of its own that
yields to the rest of the process, one at a time, and a short queue waits for it; whoever comes when
the queue is full is told to come back. A check for an account that is not there, or has no
password, takes as long as any other.
Source: Para 1.54, ``Utils.bcrypt`` and ``Utils.bcryptMatches``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

import argon2
import bcrypt

from para_core.errors import UnavailableError

__all__ = ["ARGON2ID", "BCRYPT", "LONGEST", "BusyError", "PasswordChecker", "is_usable"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

BCRYPT, ARGON2ID = "bcrypt", "argon2id"

LONGEST = 72
"""Bytes of UTF-8 that bcrypt looks at; a longer password is no password."""

_SHORTEST_EVER = 1
_COST = 12
_HIGHEST_COST = 14
_NICE = 10  # of 19: a password waits for requests, not the other way round
_BCRYPT = re.compile(rb"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}")
_ARGON2 = re.compile(
    rb"\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=\d\$[+/\w]{11,64}\$[+/\w]{22,128}"
)
_ARGON2_KIB, _ARGON2_ROUNDS = 19_456, 2  # OWASP Password Storage Cheat Sheet: 19 MiB, 2 rounds
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
    """Hashes and checks passwords in one thread that is nicer than the others.

    Open it with the app's lifespan: ``async with PasswordChecker() as passwords``.
    """

    def __init__(self, *, waiting: int = 16, cost: int = _COST, scheme: str = BCRYPT) -> None:
        """Start no thread yet.

        Args:
            waiting: How many callers wait besides the one that is served; more get ``BusyError``.
            cost: The exponent of bcrypt's rounds for new hashes.
            scheme: What new hashes are made with: ``bcrypt`` or ``argon2id``.
        """
        self._cost, self._scheme = cost, scheme
        self._argon2 = argon2.PasswordHasher(_ARGON2_ROUNDS, _ARGON2_KIB, 1)
        self._places = threading.BoundedSemaphore(waiting + 1)
        self._pool = ThreadPoolExecutor(1, "passwords", initializer=_be_nice)
        # Hashed like any other, so that a check against it takes as long; it matches nothing.
        self._nobody = b"$2b$%02d$" % cost + b"." * 53
        if scheme == ARGON2ID:
            parameters = b"m=%d,t=%d,p=1" % (_ARGON2_KIB, _ARGON2_ROUNDS)
            self._nobody = b"$argon2id$v=19$" + parameters + b"$" + b"A" * 22 + b"$" + b"A" * 43

    async def __aenter__(self) -> Self:
        """Return the checker; the thread starts with the first password."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drop what waits and end the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return a hash of a password that ``is_usable``: ``$2b$12$…`` or ``$argon2id$…``.

        Raises:
            BusyError: Too many passwords wait.
        """
        if self._scheme == ARGON2ID:
            return await self._run(lambda: self._argon2.hash(password))
        secret, salt = password.encode(), bcrypt.gensalt(self._cost)
        return (await self._run(lambda: bcrypt.hashpw(secret, salt))).decode()

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
        secret = password.encode() if can_match else b"-"
        target = known or self._nobody
        return await self._run(lambda: _matches(secret, target)) and can_match

    def is_outdated(self, hashed: str) -> bool:
        """Tell whether a hash, whose password is at hand, should be replaced by a new one."""
        return self._scheme == ARGON2ID and not hashed.startswith("$argon2id$")

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            message = "too many passwords wait to be checked; ask again in a second"
            raise BusyError(message)
        future = self._pool.submit(work)
        # Free only when the work is done: a caller that is cancelled does not stop the thread.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)


def _matches(secret: bytes, hashed: bytes) -> bool:
    if hashed.startswith(b"$argon2id$"):
        try:
            return argon2.low_level.verify_secret(hashed, secret, argon2.Type.ID)
        except argon2.exceptions.VerificationError:
            return False
    try:
        return bcrypt.checkpw(secret, hashed)
    except ValueError:  # the salt is none
        return False


def _readable(hashed: str | None) -> bytes | None:
    """Return a hash that can be checked; the versions of bcrypt differ in name only.

    An app stores hashes itself. One that would keep the thread busy for more than a second is
    refused, since all apps share it.
    """
    data = (hashed or "").encode("utf-8", "replace")
    if _BCRYPT.fullmatch(data) is not None:
        return data if int(data[4:6]) <= _HIGHEST_COST else None
    found = _ARGON2.fullmatch(data)
    if found is None:
        return None
    kib, rounds = int(found[1]), int(found[2])
    return data if 0 < kib * rounds <= _ARGON2_MOST else None


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
