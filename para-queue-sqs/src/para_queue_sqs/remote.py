"""One queue of the service: found by its name, made when it is absent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from para_core.errors import BackendError, ParaError, UnavailableError
from para_queue_sqs.answers import Attributes, Batch, Nothing, QueueUrl, Received, Receiving
from para_queue_sqs.client import Client
from para_queue_sqs.errors import AbsentQueueError, refused
from para_queue_sqs.shared import Shared
from para_queue_sqs.texts import AT_ONCE, Text

__all__ = ["RemoteQueue"]

logger = logging.getLogger(__name__)

T = TypeVar("T", bound=msgspec.Struct)

_TRIES = 3
_PAUSE_SEC = 0.2


class RemoteQueue:
    """Sends, receives and deletes; what is asked of a queue that is absent makes it first."""

    def __init__(
        self,
        client: Client,
        name: str,
        attributes: Callable[[], Awaitable[Mapping[str, str]]],
    ) -> None:
        """Name a queue.

        Args:
            client: Asks the service.
            name: Of the queue.
            attributes: Tells what the queue is to be like if it has to be made.
        """
        self._client, self.name, self._wanted = client, name, attributes
        self._url: str | None = None
        self._finding = Shared(self._find_or_make)

    async def close(self) -> None:
        """End what goes on."""
        await self._finding.close()

    async def find(self) -> bool:
        """Return whether it is there; it is not made."""
        try:
            answer = await self._ask("get_queue_url", QueueUrl, {"QueueName": self.name})
        except AbsentQueueError:
            self._url = None
            return False
        self._url = answer.queue_url
        return True

    async def attributes(self) -> dict[str, str]:
        """Return what it is like."""
        parameters = {"AttributeNames": ["All"]}
        return (await self._of_it("get_queue_attributes", Attributes, parameters)).attributes

    async def send(self, texts: Sequence[Text]) -> None:
        """Add texts, at most as many as one request takes.

        What the service could not take for its own trouble is sent again, the others are not.

        Raises:
            BackendError: Some were refused; all others are in the queue.
        """
        waiting, problems = list(texts), list[ParaError]()
        for attempt in range(_TRIES):
            await asyncio.sleep(_PAUSE_SEC * attempt)
            entries = [text.entry(str(place)) for place, text in enumerate(waiting)]
            parameters = {"Entries": entries}
            answer = await self._of_it("send_message_batch", Batch, parameters, is_repeatable=False)
            if unknown := answer.unknown(len(waiting)):
                raise UnavailableError(
                    f"the queue {self.name} does not say whether it took {len(unknown)} messages"
                )
            problems += [
                refused(one.code, one.message, self.name)
                for one in answer.failed
                if one.sender_fault
            ]
            again = [int(one.id) for one in answer.failed if not one.sender_fault]
            waiting = [waiting[place] for place in again]
            if not waiting:
                break
        if waiting:
            problems.append(
                UnavailableError(f"the queue {self.name} did not take {len(waiting)} messages")
            )
        if problems:
            raise problems[0]

    async def receive(self, limit: int, *, hidden_sec: int, wait_sec: int) -> list[Received]:
        """Take messages and hide them; ``wait_sec`` is how long the service waits for the first."""
        parameters = {
            "MaxNumberOfMessages": min(limit, AT_ONCE),
            "VisibilityTimeout": hidden_sec,
            "WaitTimeSeconds": wait_sec,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount", "SentTimestamp"],
            "MessageAttributeNames": ["All"],
        }
        answer = await self._of_it("receive_message", Receiving, parameters, wait_sec=wait_sec)
        return answer.messages

    async def hide(self, receipt: str, seconds: int) -> None:
        """Hide a received message for so long from now on."""
        parameters = {"ReceiptHandle": receipt, "VisibilityTimeout": seconds}
        await self._of_it("change_message_visibility", Nothing, parameters, makes=False)

    async def show(self, receipts: Sequence[str]) -> None:
        """Let others receive messages at once; receipts that do not count any more do nothing."""
        for start in range(0, len(receipts), AT_ONCE):
            entries = [
                {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for place, receipt in enumerate(receipts[start : start + AT_ONCE])
            ]
            parameters = {"Entries": entries}
            await self._of_it("change_message_visibility_batch", Batch, parameters, makes=False)

    async def delete(self, receipts: Sequence[str]) -> list[ParaError | None]:
        """Remove received messages, as many as one request takes; return what failed of each."""
        entries = [
            {"Id": str(place), "ReceiptHandle": receipt} for place, receipt in enumerate(receipts)
        ]
        parameters = {"Entries": entries}
        answer = await self._of_it("delete_message_batch", Batch, parameters, makes=False)
        outcome: list[ParaError | None] = [None] * len(receipts)
        for place in answer.unknown(len(receipts)):
            outcome[place] = UnavailableError(f"the queue {self.name} does not say what it removed")
        for one in answer.failed:
            outcome[int(one.id)] = refused(one.code, one.message, self.name)
        return outcome

    # ---- the queue itself ----------------------------------------------------------------------

    async def _of_it(  # noqa: PLR0913 - those of ``Client.ask``
        self,
        operation: str,
        answer: type[T],
        parameters: Mapping[str, object],
        *,
        wait_sec: int = 0,
        is_repeatable: bool = True,
        makes: bool = True,
    ) -> T:
        """Ask something about the queue; make it when it turns out to be absent."""
        for _ in range(2):
            whole = {"QueueUrl": await self._found(), **parameters}
            try:
                return await self._ask(
                    operation, answer, whole, wait_sec=wait_sec, is_repeatable=is_repeatable
                )
            except AbsentQueueError:
                self._url = None
                if not makes:
                    raise
        raise AbsentQueueError(f"the queue {self.name} is there only now and then")

    async def _found(self) -> str:
        """Return the address, which the service tells or makes."""
        return self._url or await self._finding.outcome()

    async def _find_or_make(self) -> str:
        if not await self.find():
            await self._make()
        return self._url or ""

    async def _make(self) -> None:
        attributes = dict(await self._wanted())
        parameters = {"QueueName": self.name, "Attributes": attributes}
        try:
            made = await self._ask("create_queue", QueueUrl, parameters)
        except BackendError:
            if not await self.find():  # unless another server just made it, and differently
                raise
        else:
            self._url = made.queue_url
            logger.info("the queue was made", extra={"queue": self.name})

    async def _ask(
        self,
        operation: str,
        answer: type[T],
        parameters: Mapping[str, object],
        *,
        wait_sec: int = 0,
        is_repeatable: bool = True,
    ) -> T:
        return await self._client.ask(
            operation,
            answer,
            parameters,
            queue=self.name,
            wait_sec=wait_sec,
            is_repeatable=is_repeatable,
        )
