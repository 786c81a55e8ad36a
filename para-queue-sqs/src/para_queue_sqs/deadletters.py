"""Messages that were set aside: they lie in a queue of their own, as usual with SQS.

SQS shows messages only to those who receive them. So looking receives them all, hides them for a
moment, and shows them again; what two look at at the same time, only one sees.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from para_core.contracts.queue import AsideMessage
from para_core.errors import ParaError, UnusableBodyError
from para_queue_sqs.answers import Received
from para_queue_sqs.remote import RemoteQueue
from para_queue_sqs.texts import SMALLEST_LIMIT, cleaned, decoded, encoded

__all__ = ["NEVER_DONE", "DeadLetters"]

NEVER_DONE = "it was pulled too often and never done"

_ID, _ATTEMPTS, _REASON = "ParaId", "ParaAttempts", "ParaReason"
_LONGEST_REASON = 1000  # characters
_LOOK_SEC = 20  # until a message is there again whose finder died
_WAIT_SEC = 1  # with it, AWS asks all of its machines
_MOST = 2000  # messages that are looked at


class DeadLetters:
    """The queue beside the queue."""

    def __init__(self, queue: RemoteQueue) -> None:
        self._queue = queue
        self.limit = SMALLEST_LIMIT  # bytes of one message
        self._looking = asyncio.Lock()

    async def add(self, key: str, body: str, attempts: int, reason: str) -> None:
        """Put a message there. One that is added twice, since a server died, is one."""
        attributes = {
            _ID: key,
            _ATTEMPTS: str(attempts),
            _REASON: cleaned(reason, _LONGEST_REASON),
        }
        await self._queue.send([encoded(body, self.limit, attributes)])

    async def first(self, limit: int) -> list[AsideMessage]:
        """Return what is there, the first ones first."""
        found: dict[str, AsideMessage] = {}
        async with self._look() as letters:
            for letter in letters:
                message = _aside(letter)
                found.setdefault(message.id, message)
        return list(found.values())[:limit]

    async def take(self, key: str, put_back: Callable[[str], Awaitable[None]]) -> bool:
        """Hand a message on, and remove it; ``False`` when there is none with this id."""
        async with self._look() as letters:
            copies = [letter for letter in letters if _key(letter) == key]
            if not copies:
                return False
            await put_back(_body(copies[0]))
            for letter in copies:
                await self._queue.delete([letter.receipt_handle])
                letters.remove(letter)
        return True

    @contextlib.asynccontextmanager
    async def _look(self) -> AsyncIterator[list[Received]]:
        """Give all messages, in order; those that are still in the list are shown again."""
        letters: list[Received] = []
        async with self._looking:
            if not await self._queue.find():
                yield letters
                return
            try:
                while len(letters) < _MOST and (
                    some := await self._queue.receive(
                        _MOST, hidden_sec=_LOOK_SEC, wait_sec=_WAIT_SEC
                    )
                ):
                    letters += some
                letters.sort(key=lambda letter: letter.sent)
                yield letters
            finally:
                with contextlib.suppress(ParaError):  # they are there again after a while
                    await self._queue.show([letter.receipt_handle for letter in letters])


def _aside(letter: Received) -> AsideMessage:
    """Return a message as people see it; one that SQS moved itself has nothing of ours."""
    texts = letter.texts
    attempts = texts.get(_ATTEMPTS, "")
    return AsideMessage(
        _key(letter),
        _body(letter),
        int(attempts) if attempts.isdecimal() else max(letter.attempts - 1, 1),
        texts.get(_REASON) or NEVER_DONE,
    )


def _key(letter: Received) -> str:
    return letter.texts.get(_ID) or letter.message_id


def _body(letter: Received) -> str:
    try:
        return decoded(letter.body, letter.texts)
    except UnusableBodyError:
        return letter.body
