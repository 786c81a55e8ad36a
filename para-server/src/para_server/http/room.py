"""Room for what all requests together may hold: bytes in memory, or in files on the disk."""

from __future__ import annotations

from para_server.http.answers import AnswerError

__all__ = ["Room", "Share", "busy"]


class Room:
    """So many bytes for all; one who is alone in it gets more."""

    __slots__ = ("held", "most")

    def __init__(self, most: int) -> None:
        """Start empty; ``most`` in bytes."""
        self.most, self.held = most, 0

    def is_full_with(self, size: int) -> bool:
        """Return whether so many bytes more are too many."""
        return self.held + size > self.most

    def share(self, declared: int = 0) -> Share:
        """Return a share that is empty yet.

        Raises:
            AnswerError: 503, when others hold so much that the declared bytes have no room.
        """
        share = Share(self)
        share.examine(declared)
        return share


class Share:
    """What one request takes of a room: as many bytes as have come of it."""

    __slots__ = ("_room", "size")

    def __init__(self, room: Room) -> None:
        """Take nothing yet."""
        self._room, self.size = room, 0

    def take(self, size: int) -> None:
        """Take room for a piece that came.

        Raises:
            AnswerError: 503, when others hold the rest.
        """
        self.examine(size)
        self.size += size
        self._room.held += size

    def examine(self, size: int) -> None:
        """Ask whether there is room for so many bytes.

        Raises:
            AnswerError: 503, when others hold it.
        """
        if self._room.held > self.size and self._room.is_full_with(size):
            raise busy()

    def give_back(self) -> None:
        """Leave the room to others."""
        self._room.held -= self.size
        self.size = 0


def busy() -> AnswerError:
    """Return the error that says to come again."""
    return AnswerError(503, "Too much is waiting to be done.", [(b"retry-after", b"1")])
