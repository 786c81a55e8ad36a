"""The aliases of a cluster: what is behind them, and steps that change several at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from para_search_elasticsearch.connection import Connection, Json
from para_search_elasticsearch.failures import RefusedError

__all__ = ["Aliases"]


class Aliases:
    """Asks a cluster for aliases, and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def behind(self, alias: str) -> dict[str, Any]:
        """Return the indexes that an alias names, or all aliases of a pattern, with these."""
        try:
            found = await self._connection.request(
                f"GET /_alias/{quote(alias, safe='*')}", doing="look for an index"
            )
        except RefusedError as refusal:
            if refusal.is_missing:
                return {}
            raise
        if not all(isinstance(facts, dict) and "aliases" in facts for facts in found.values()):
            raise self._connection.no_cluster()
        return found

    async def change(self, actions: Sequence[Json], doing: str) -> None:
        """Change aliases, all in one step."""
        await self._connection.request("POST /_aliases", {"actions": actions}, doing=doing)
