"""Which page of a result to return."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Pager"]


class Pager(Struct, frozen=True, kw_only=True):
    """Which page of a result to return, and in which order.

    ``sort`` is one field or a comma list of ``field:asc`` and ``field:desc``; ``_docid`` is the
    order of last indexing. With ``last_key`` and a ``page`` of at most 1 the page that follows that
    key in the order of ``_docid`` is meant, and ``sort`` does not count.
    Source: Para 1.54, ``Pager``; the query parameters of the search endpoints.
    """

    page: int = 1  # 0 and 1 both mean the first page
    limit: int = 30  # objects
    sort: str = "timestamp"
    desc: bool = True
    last_key: str | None = None

    @property
    def offset(self) -> int:
        """How many hits come before this page."""
        return max(self.page - 1, 0) * self.limit

    @property
    def is_cursor(self) -> bool:
        """Whether the page continues after ``last_key``."""
        return bool(self.last_key) and self.page <= 1
