"""What every implementation of a back-end promises; each contract has its suite in ``testing``."""

from __future__ import annotations

from para_core.contracts.dao import DAO, Change, Put, Record, Write
from para_core.contracts.search import Hits, Search

__all__ = ["DAO", "Change", "Hits", "Put", "Record", "Search", "Write"]
