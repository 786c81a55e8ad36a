"""A connection of no server."""

from __future__ import annotations

__all__ = ["Endable"]


class Endable:
    """A connection that is usable until it is over, and never in a transaction."""

    is_over = False

    def is_closed(self) -> bool:
        return self.is_over

    def is_in_transaction(self) -> bool:
        return False

    def is_usable_after(self, error: BaseException) -> bool:
        del error
        return not self.is_over
