"""The Queue contract: messages between the server and its workers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from para_core.contracts.component import Component

if TYPE_CHECKING:
    from para_core.contracts.dao import DAO

__all__ = ["AsideMessage", "Message", "Queue"]


class Message(Struct, frozen=True):
    """A message as it was pulled: ``receipt`` proves it to ``ack``, ``body`` is what was pushed.

    ``attempts`` counts how often it was pulled, this time included, as far as the queue knows.
    """

    receipt: str
    body: str
    attempts: int = 1


class AsideMessage(Struct, frozen=True):
    """A message that nobody gets any more, since its work cannot be done."""

    id: str
    body: str
    attempts: int
    reason: str


class Queue(Component):
    """Messages that wait for a worker; each is delivered **at least once**.

    A pulled message is hidden from other pulls for a while (the visibility timeout). Whoever
    finished its work acknowledges it and it is gone; otherwise it appears again. Work that takes
    longer extends the while. After
    ``para.queue.max_attempts`` it is set aside, so that a message which kills its worker does so a
    few times only. Messages that nobody takes, or sends back from aside, are dropped at the end of
    their life. The order is the order of pushing where the product keeps one, with repeated
    messages out of order.

    A product that cannot tell receipts of one message apart may take an old one; it says so.

    Every method may raise ``UnavailableError`` and ``BackendError``.
    Source: Para 1.54, ``Queue``; acknowledging is ours, so that a crash loses no message.
    """

    def keep_in(self, dao: DAO) -> None:
        """Learn of the server's database, before ``open``; for queues that keep messages in it."""
        del dao

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

    @property
    @abstractmethod
    def visibility_timeout_sec(self) -> float:
        """How long a message is hidden after it was pulled or extended."""

    @abstractmethod
    async def extend(self, message: Message) -> Message | None:
        """Hide a pulled message for another visibility timeout, since the work on it goes on.

        Returns:
            The message with the receipt that counts from now on. ``None`` when it is gone or was
            pulled again: then it is somebody else's.
        """

    @abstractmethod
    async def size(self) -> int:
        """Return how many messages there are, hidden ones included; some products estimate."""

    async def ping(self) -> None:
        """Return when the queue can be reached: health asks often, however much is waiting.

        Override it where counting the messages is work.

        Raises:
            ParaError: It is away.
        """
        await self.size()

    # ---- messages that cannot be done ---------------------------------------------------------

    @abstractmethod
    async def set_aside(self, message: Message, reason: str) -> None:
        """Take a pulled message out of the queue and keep it for people to look at.

        A receipt that is older than the last pull does nothing, as with ``ack``.
        """

    @abstractmethod
    async def aside(self, limit: int = 100) -> list[AsideMessage]:
        """Return messages that were set aside, the first ones first."""

    @abstractmethod
    async def restore(self, key: str) -> bool:
        """Put a message that was set aside back into the queue, as if it had never been pulled.

        Args:
            key: Its ``AsideMessage.id``.

        Returns:
            ``False`` when there is none.
        """
