"""The Queue contract: messages between the server and its workers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

from msgspec import Struct

from para_core.contracts.component import Component

__all__ = ["Message", "Queue"]


class Message(Struct, frozen=True):
    """A message as it was pulled: ``receipt`` proves it to ``ack``, ``body`` is what was pushed.

    ``attempts`` counts how often it was pulled, this time included, as far as the queue knows.
    """

    receipt: str
    body: str
    attempts: int = 1


class Queue(Component):
    """Messages that wait for a worker; each is delivered **at least once**.

    A pulled message is hidden from other pulls for a while (the visibility timeout). Whoever
    finished its work acknowledges it and it is gone; otherwise it appears again. Messages that
    nobody takes are dropped at the end of their life. The order is the order of pushing where the
    product keeps one, with repeated messages out of order.

    Every method may raise ``UnavailableError`` and ``BackendError``.
    Source: Para 1.54, ``Queue``; acknowledging is ours, so that a crash loses no message.
    """

    async def push(self, message: str) -> None:
        """Add one message; a blank one is ignored. See ``push_all``."""
        await self.push_all([message])

    @abstractmethod
    async def push_all(self, messages: Iterable[str]) -> None:
        """Add messages in this order; blank ones are ignored.

        Raises:
            StorageFullError: There is no room for all of them. A queue in this process has then
                taken none; one that sends in groups may have taken the first groups.
        """

    @abstractmethod
    async def pull(self, limit: int = 10, wait_sec: float = 0) -> list[Message]:
        """Take up to ``limit`` messages and hide them from others.

        Args:
            limit: At least 1; a product may deliver fewer than there are.
            wait_sec: How long to wait for the first message. Closing the queue ends the wait.

        Returns:
            An empty list when none came in time.
        """

    @abstractmethod
    async def ack(self, message: Message) -> None:
        """Remove a pulled message for good.

        One that was removed before is no error. A receipt that is older than the last pull of the
        message does nothing: whoever pulled it last decides.
        """

    @abstractmethod
    async def size(self) -> int:
        """Return how many messages there are, hidden ones included; some products estimate."""
