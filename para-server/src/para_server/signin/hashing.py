"""Hashing and comparing passwords: what is asked, and a process that does nothing else.

``python -m para_server.signin.hashing`` reads tasks from its standard input, one a line, and writes
their outcomes. The kernel lets it run where no other process of the server wants to, and it ends
when its input does. See ``hashing_process`` for who asks it.
"""

from __future__ import annotations

import os
import signal
import sys

import argon2
import bcrypt
import msgspec

__all__ = ["ARGON2_KIB", "ARGON2_ROUNDS", "Compare", "MakeArgon2", "MakeBcrypt", "Task", "perform"]

ARGON2_KIB, ARGON2_ROUNDS = 19_456, 2  # OWASP Password Storage Cheat Sheet: 19 MiB, 2 rounds
_NICE = 10


class Compare(msgspec.Struct, tag="compare"):
    """Tell whether a password is the one that was hashed."""

    secret: str
    hashed: str


class MakeBcrypt(msgspec.Struct, tag="bcrypt"):
    """Make a hash ``$2b$…`` with a new salt."""

    secret: str
    cost: int


class MakeArgon2(msgspec.Struct, tag="argon2id"):
    """Make a hash ``$argon2id$…`` with a new salt."""

    secret: str


Task = Compare | MakeBcrypt | MakeArgon2


def perform(task: Task) -> bool | str:
    """Do it, here and now: return whether a password is the one, or the new hash."""
    match task:
        case Compare(secret=secret, hashed=hashed):
            return _is_same(secret.encode(), hashed.encode())
        case MakeBcrypt(secret=secret, cost=cost):
            return bcrypt.hashpw(secret.encode(), bcrypt.gensalt(cost)).decode()
        case MakeArgon2(secret=secret):
            return argon2.PasswordHasher(ARGON2_ROUNDS, ARGON2_KIB, 1).hash(secret)


def _is_same(secret: bytes, hashed: bytes) -> bool:
    if hashed.startswith(b"$argon2id$"):
        try:
            return argon2.low_level.verify_secret(hashed, secret, argon2.Type.ID)
        except argon2.exceptions.VerificationError:
            return False
    try:
        return bcrypt.checkpw(secret, hashed)
    except ValueError:  # the salt is none
        return False


def main() -> None:
    """Perform one task after the other, until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal; the server ends us
    _step_back()
    encoder, decoder = msgspec.json.Encoder(), msgspec.json.Decoder[Task](Task)
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(encoder.encode(perform(decoder.decode(line))) + b"\n")
        sys.stdout.buffer.flush()


def _step_back() -> None:
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError:  # it may not even do that
        os.nice(_NICE)


if __name__ == "__main__":
    main()
