"""What the queues are like at the moment, asked without making or changing any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_queue_sqs.client import Client
from para_queue_sqs.remote import RemoteQueue
from para_queue_sqs.shape import Shape, nothing, shape_of

if TYPE_CHECKING:
    from para_queue_sqs.place import Place

__all__ = ["State", "look"]


@dataclass(frozen=True, slots=True)
class State:
    """A queue and the one for its dead letters."""

    shape: Shape
    dead_queue: str
    dead: int  # messages in it


async def look(place: Place) -> State | None:
    """Return what the queue is like; ``None`` when it is absent."""
    async with Client(place) as client:
        queue = RemoteQueue(client, place.queue, nothing)
        if not await queue.find():
            return None
        shape = shape_of(await queue.attributes())
        name = place.dead_letters or shape.dead_letters or place.usual_dead_letters
        dead = RemoteQueue(client, name, nothing)
        letters = shape_of(await dead.attributes()).messages if await dead.find() else 0
    return State(shape, name, letters)
