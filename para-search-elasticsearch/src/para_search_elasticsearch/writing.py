"""Writes records into the index of an app, each with a number greater than all before."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

import msgspec

from para_core.contracts.dao import Record
from para_core.query.fields import document_of
from para_search_elasticsearch.bulk import Action, Bulk, Failed
from para_search_elasticsearch.documents import document_body, source_of
from para_search_elasticsearch.home import Home, Place
from para_search_elasticsearch.naming import document_id, guard_id
from para_search_elasticsearch.settings import ElasticSettings

__all__ = ["Writer"]

logger = logging.getLogger(__name__)


class Writer:
    """Turns records into changes of documents and sends them."""

    def __init__(
        self, bulk: Bulk, settings: ElasticSettings, clock: Callable[[], int], *, refresh: bool
    ) -> None:
        self._bulk, self._clock = bulk, clock
        self._nested = settings.use_nested_custom_fields
        self._refresh = refresh
        self._last: dict[str, int] = {}

    def forget(self, appid: str | None = None) -> None:
        """Forget the numbers that were given: the clock is ahead of all of them."""
        if appid is None:
            self._last.clear()
        else:
            self._last.pop(appid, None)

    def start_at(self, appid: str, number: int) -> None:
        """Give greater numbers than this one, whatever the clock says."""
        self._last[appid] = max(self._last.get(appid, 0), number)

    def last(self, appid: str) -> int:
        """Return the greatest number that was given; 0 for none."""
        return self._last.get(appid, 0)

    async def apply(  # noqa: PLR0913 - what, whose, where, and when
        self,
        appid: str,
        home: Home,
        puts: Sequence[Record],
        deletes: Sequence[str],
        *,
        place: Place | None = None,
        as_of: int | None = None,
    ) -> None:
        """Index records and remove ids, through the alias of the app or at another place.

        With ``as_of`` only where nothing is newer: see ``Search.index_as_of``.
        """
        place = place or home.place()
        params = place.params | ({"refresh": "true"} if self._refresh else {})
        wanted: dict[str, Record | None] = {}
        for record in puts:  # the last of equal ids counts, in its place
            wanted.pop(record.id, None)
            wanted[record.id] = record
        wanted.update(dict.fromkeys(deletes))
        bad: list[str] = []
        actions = self._actions(appid, home, wanted, bad, as_of)
        guard = None if as_of is None else Action.put("", guard_id(home.tenant), {})
        failed = await self._bulk.send(place.name, actions, params=params, guard=guard)
        bad += _told(appid, failed)
        if bad:  # what was indexed of them is outdated
            gone = [
                Action.delete(key, document_id(home.tenant, key), _version(wanted[key], as_of))
                for key in bad
            ]
            await self._bulk.send(place.name, gone, params=params, guard=guard)

    async def fill(
        self, appid: str, home: Home, records: Sequence[Record], *, as_of: int | None = None
    ) -> int:
        """Index records into a home that no alias names yet; return how many."""
        place, bad = home.filling_place(), list[str]()
        wanted: dict[str, Record | None] = {record.id: record for record in records}
        actions = self._actions(appid, home, wanted, bad, as_of)
        failed = await self._bulk.send(place.name, actions, params=place.params)
        return len(records) - len(bad) - len(_told(appid, failed))

    def _actions(
        self,
        appid: str,
        home: Home,
        wanted: dict[str, Record | None],
        bad: list[str],
        as_of: int | None,
    ) -> Iterator[Action]:
        """Yield a change for each id; what is no object is logged and added to ``bad``."""
        for key, record in wanted.items():
            doc, version = document_id(home.tenant, key), _version(record, as_of)
            if record is None:
                yield Action.delete(key, doc, version)
                continue
            try:
                document = document_of(record)
            except (msgspec.DecodeError, RecursionError, ValueError):
                logger.exception("an object cannot be indexed", extra={"key": key, "appid": appid})
                bad.append(key)
                continue
            body = document_body(document, self._next(appid), nested=self._nested)
            body["_app"], body["_owner"] = home.tenant, appid
            if record.change == 0:
                body["_copy"] = source_of(record.data)
            yield Action.put(key, doc, body, version)

    def _next(self, appid: str) -> int:
        number = max(self._last.get(appid, 0) + 1, self._clock())
        self._last[appid] = number
        return number


def _version(record: Record | None, as_of: int | None) -> int | None:
    if as_of is None:
        return None
    return as_of if record is None else max(record.change, as_of)


def _told(appid: str, failed: Sequence[Failed]) -> list[str]:
    """Log what the cluster would not take, and return the ids."""
    for one in failed:
        logger.warning(
            "the search cluster does not take an object",
            extra={"key": one.action.key, "appid": appid, "reason": one.reason},
        )
    return [one.action.key for one in failed]
