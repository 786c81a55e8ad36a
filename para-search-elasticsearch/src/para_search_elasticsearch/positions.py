"""The document of an index that says how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from para_search_elasticsearch.connection import Connection
from para_search_elasticsearch.failures import STALE, RefusedError
from para_search_elasticsearch.home import Home, Place
from para_search_elasticsearch.naming import state_id
from para_search_elasticsearch.settings import ElasticSettings

__all__ = ["Positions", "State"]


@dataclass(frozen=True, slots=True)
class State:
    """How far an index is, and the greatest number of an indexing, as far as it was written."""

    position: int
    last: int


class Positions:
    """Reads and writes how far indexes are."""

    def __init__(self, connection: Connection, settings: ElasticSettings) -> None:
        self._connection, self._settings = connection, settings

    async def read(self, home: Home) -> State | None:
        """Return how far an index is; ``None`` when it does not say."""
        try:
            answer = await self._connection.request(
                f"GET {_path(home.alias, home.tenant)}", doing="tell how far an index is"
            )
        except RefusedError as refusal:
            if refusal.is_missing:
                return None
            raise
        source = answer.get("_source", {})
        position, last = source.get("_position"), source.get("_last")
        if not isinstance(position, int):
            return None
        return State(position, last if isinstance(last, int) else 0)

    async def write(self, home: Home, place: Place, position: int) -> None:
        """Remember how far an index is."""
        await self._put(home, place, {"_position": position}, {})

    async def write_as_of(self, home: Home, place: Place, state: State) -> None:
        """Remember how far an index is, unless it is further."""
        params = {"version": str(state.position), "version_type": "external_gte"}
        body = {"_position": state.position, "_last": state.last}
        try:
            await self._put(home, place, body, params)
        except RefusedError as refusal:
            if refusal.kind != STALE:
                raise

    async def _put(
        self, home: Home, place: Place, body: dict[str, int], params: dict[str, str]
    ) -> None:
        await self._connection.request(
            f"PUT {_path(place.name, home.tenant)}",
            body,
            doing="remember how far an index is",
            params=place.params | params,
        )

    async def show(self, home: Home) -> None:
        """Let searches find what was indexed until now."""
        await self._connection.request(
            f"POST /{quote(home.index, safe='')}/_refresh",
            doing="show new objects",
            timeout_ms=self._settings.bulk_timeout_ms,
        )


def _path(index: str, tenant: str) -> str:
    return f"/{quote(index, safe='')}/_doc/{quote(state_id(tenant), safe='')}"
