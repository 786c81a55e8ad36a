"""Ids of a node, which makes none while another node might have its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.errors import UnavailableError
from para_core.ids import IdGenerator

if TYPE_CHECKING:
    from para_server.nodes.seat import NodeSeat
    from para_server.services.container import Clock

__all__ = ["NodeIds"]


class NodeIds(IdGenerator):
    """Makes ids as long as this node has its number."""

    def __init__(self, worker_id: int, clock: Clock, seat: NodeSeat) -> None:
        super().__init__(worker_id, clock)
        self._seat = seat

    def next(self) -> str:
        """Return a new id.

        Raises:
            UnavailableError: The database did not hear from this node for too long.
        """
        if not self._seat.is_held():
            raise UnavailableError(
                "this node makes no ids: the database has not heard from it for a while"
            )
        return super().next()
