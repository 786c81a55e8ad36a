"""Offers the implementations that core brings along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from para_core.hookspecs import hookimpl

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.contracts.dao import DAO
    from para_core.hookspecs import DAOFactory

para_plugin_api = 1


@hookimpl
def para_register_daos() -> Mapping[str, DAOFactory]:
    """Offer ``MemoryDAO``, also under its name in the original, ``MockDAO``."""
    return {"MemoryDAO": _open_memory_dao, "MockDAO": _open_memory_dao}


def _open_memory_dao(config: Config) -> DAO:
    from para_core.memory.dao import MemoryDAO

    return MemoryDAO()
