"""Entries of an index whose objects are nowhere: removed when a search meets them.

The index follows the database, so there are none unless one of the two was put back from a copy of
another time. Source: Para 1.54, ``para.sync_index_with_db``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from para_core.errors import ParaError
from para_server.services.index_writer import is_indexed

if TYPE_CHECKING:
    from para_server.services.indexing import Indexing
    from para_server.services.store import Store

__all__ = ["Orphans"]

logger = logging.getLogger(__name__)


class Orphans:
    """Takes entries out of the indexes of all apps; does nothing unless ``is_enabled``."""

    def __init__(self, index: Indexing, store: Store, *, is_enabled: bool) -> None:
        self._index, self._store, self._is_enabled = index, store, is_enabled

    async def remove(self, appid: str, keys: Sequence[str]) -> None:
        """Remove entries of which the database itself says that there is no object.

        While the index is behind nothing is removed: it may be about to hear of it. Failures are
        logged, as the search goes on without it.
        """
        if not (self._is_enabled and self._index.is_current(appid)):
            return
        try:
            stored = await self._store.dao.read_all(appid, keys)
            gone = [key for key in keys if key not in stored]
            if not gone:
                return
            await self._index.index_unstored(appid, [], gone)
            # what was stored again meanwhile may have been indexed before it was removed
            again = await self._store.dao.read_all(appid, gone)
            if again:
                records = [record for record in again.values() if is_indexed(record)]
                await self._index.index_unstored(appid, records)
        except (ParaError, OSError, TimeoutError) as error:
            logger.warning("entries of an index could not be removed: %s", error)
            return
        extra = {"appid": appid, "entries": len(gone) - len(again)}
        logger.info("entries without objects were removed from the index", extra=extra)
