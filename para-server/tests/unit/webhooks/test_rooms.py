from __future__ import annotations

import asyncio

import pytest

from para_server.webhooks.rooms import Room, receiver_of


class Guests:
    """Requests that enter a room and stay."""

    def __init__(self, room: Room) -> None:
        self._room, self._tasks = room, list[asyncio.Task[None]]()
        self.inside = list[str]()

    async def come(self, *receivers: str) -> None:
        self._tasks += [asyncio.create_task(self._stay(receiver)) for receiver in receivers]
        for _ in range(5):
            await asyncio.sleep(0)

    async def _stay(self, receiver: str) -> None:
        async with self._room.entered(receiver):
            self.inside.append(receiver)
            try:
                await asyncio.Event().wait()
            finally:
                self.inside.remove(receiver)

    async def go(self, count: int) -> None:
        going, self._tasks = self._tasks[:count], self._tasks[count:]
        for task in going:
            task.cancel()
        await asyncio.wait(going)
        for _ in range(5):
            await asyncio.sleep(0)


async def test_one_receiver_leaves_room_to_others() -> None:
    guests = Guests(Room(4, 2))
    await guests.come(*["hangs"] * 9, "works")
    assert sorted(guests.inside) == ["hangs", "hangs", "works"]
    await guests.go(10)


async def test_all_together_have_so_much_room() -> None:
    guests = Guests(Room(3, 2))
    await guests.come("a", "b", "c", "d")
    assert guests.inside == ["a", "b", "c"]
    await guests.go(1)
    assert guests.inside == ["b", "c", "d"]
    await guests.go(3)


async def test_who_gives_up_waiting_takes_nothing_along() -> None:
    room = Room(2, 1)
    guests = Guests(room)
    await guests.come("a", "a", "a", "b", "c")
    assert sorted(guests.inside) == ["a", "b"]
    await guests.go(5)
    assert guests.inside == []
    await guests.come("a", "c")
    assert guests.inside == ["a", "c"]
    await guests.go(2)
    assert room._turns == {}


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("https://Example.org:8443/hooks?a=1", "example.org:8443"),
        ("http://ann:secret@example.org/", "example.org"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_a_receiver_is_a_host_and_a_port(url: str, receiver: str) -> None:
    assert receiver_of(url) == receiver
