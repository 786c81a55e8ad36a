"""Which page a request asks for."""

from __future__ import annotations

import re

from para_core.pager import Pager
from para_server.config import ApiSettings
from para_server.http.request import Params

__all__ = ["page_number", "pager_of"]

_MOST_DIGITS = 29  # longer numbers are taken for the largest one
_LARGEST = 1 << 31
_NUMBER = re.compile(r"[+-]?[0-9]+")


def pager_of(params: Params, settings: ApiSettings) -> Pager:
    """Return the page, size and order that the query asks for, within the server's bounds."""
    desc = params.get("desc")
    limit = _number(params.get("limit"), settings.max_items_per_page)
    return Pager(
        page=page_number(params, settings),
        limit=min(limit, settings.max_page_limit),
        sort=params.first("sort", "timestamp") or "timestamp",
        desc=desc is None or desc.lower() in ("true", "1"),
        last_key=params.get("lastKey") or None,
    )


def page_number(params: Params, settings: ApiSettings) -> int:
    """Return the number of the page as the answer repeats it: 0 when none was asked for."""
    return min(_number(params.get("page"), 0), settings.max_pages)


def _number(text: str | None, default: int) -> int:
    """Return the absolute value of a whole number; the default for anything else."""
    if text is None or not _NUMBER.fullmatch(text.strip()):
        return default
    return abs(int(text)) if len(text) <= _MOST_DIGITS else _LARGEST
