"""The parts of answers of SQS that are read."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Attributes", "Batch", "Done", "Failed", "Nothing", "QueueUrl", "Received", "Receiving"]


class Nothing(Struct):
    """An answer of which nothing is read."""


class QueueUrl(Struct, rename="pascal"):
    """What a queue is called in requests."""

    queue_url: str


class Attributes(Struct, rename="pascal"):
    """What a queue is like."""

    attributes: dict[str, str] = {}


class _Value(Struct, rename="pascal"):
    string_value: str = ""


class Received(Struct, rename="pascal"):
    """A message."""

    message_id: str
    receipt_handle: str
    body: str = ""
    attributes: dict[str, str] = {}
    message_attributes: dict[str, _Value] = {}

    @property
    def attempts(self) -> int:
        """How often it was received, this time included."""
        return self._number("ApproximateReceiveCount") or 1

    @property
    def sent(self) -> int:
        """When it was sent, in milliseconds since the Unix epoch."""
        return self._number("SentTimestamp")

    @property
    def texts(self) -> dict[str, str]:
        """What its sender says of it."""
        return {name: value.string_value for name, value in self.message_attributes.items()}

    def _number(self, name: str) -> int:
        text = self.attributes.get(name, "")
        return int(text) if text.isdecimal() else 0


class Receiving(Struct, rename="pascal"):
    """Messages that were received."""

    messages: list[Received] = []


class Failed(Struct, rename="pascal"):
    """An item of a batch that was not done."""

    id: str
    code: str = ""
    message: str = ""
    sender_fault: bool = True


class Done(Struct, rename="pascal"):
    """An item of a batch that was done."""

    id: str


class Batch(Struct, rename="pascal"):
    """What became of a batch; an item that is in neither list was perhaps done."""

    successful: list[Done] = []
    failed: list[Failed] = []

    def unknown(self, count: int) -> list[int]:
        """Return the places of items of which it says nothing."""
        known = {one.id for one in self.successful} | {one.id for one in self.failed}
        return [place for place in range(count) if str(place) not in known]
