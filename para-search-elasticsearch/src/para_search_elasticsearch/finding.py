"""Asks the cluster for pages of hits."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from para_core.contracts.search import Hits
from para_core.errors import BackendError
from para_core.pager import Pager
from para_core.query import tree
from para_core.query.builders import ids_query
from para_search_elasticsearch.clauses import NOTHING, Clause, all_of
from para_search_elasticsearch.connection import Connection, Json
from para_search_elasticsearch.documents import data_of
from para_search_elasticsearch.pages import WINDOW, cursor_of, sort_of
from para_search_elasticsearch.settings import ElasticSettings
from para_search_elasticsearch.similar import asked_counts, counting, likenesses, telling_words
from para_search_elasticsearch.translate import Likeness, Translator

__all__ = ["Finder"]

_MOST_CONDITIONS = 200  # of a query; each is up to four clauses, of which a cluster takes 1024
_COUNTED = 500  # words of a text that are counted in one request
_PARAMS = {"allow_partial_search_results": "false"}  # an error, not what some of the shards have
_NO_HITS = Hits([], 0)


class Finder:
    """Searches through the aliases of apps."""

    def __init__(self, connection: Connection, settings: ElasticSettings) -> None:
        self._connection, self._settings = connection, settings
        self._nested = settings.use_nested_custom_fields
        self._tracked = _tracked(settings.track_total_hits)

    async def find(
        self, alias: str, appid: str, query: tree.Node, kind: str | None, pager: Pager
    ) -> Hits:
        """Return one page of an app's documents.

        Raises:
            RefusedError: There is no such alias, among others.
        """
        if isinstance(query, tree.Bool) and len(query.must) > _MOST_CONDITIONS:
            query = await self._narrowed(alias, appid, query, kind)
        likeness: Likeness = {}
        translator = Translator(nested=self._nested, likeness=likeness)
        for node in likenesses(query):
            if node not in likeness:
                likeness[node] = await self._telling(alias, appid, node, translator)
        own = [translator.query(query), _owned_by(appid)]
        if kind is not None:
            own.append(translator.query(tree.Exact("type", kind)))
        found = all_of(own)
        cursor = cursor_of(pager) if pager.is_cursor else None
        if found is NOTHING or (pager.is_cursor and cursor is None):
            return _NO_HITS
        body: Json = {
            "query": found,
            "size": min(max(pager.limit, 0), WINDOW),
            "sort": sort_of(pager, nested=self._nested),
            "track_total_hits": self._tracked,
            "_source": ["_key", "_copy"],
        }
        if cursor is not None:
            body["search_after"] = [cursor]
            return self._hits(await self._search(alias, body), 0)
        if pager.offset + pager.limit > WINDOW:
            return await self._deep(alias, body, pager)
        if pager.limit > 0:
            body["from"] = pager.offset
        return self._hits(await self._search(alias, body), pager.offset)

    async def _narrowed(
        self, alias: str, appid: str, query: tree.Bool, kind: str | None
    ) -> tree.Node:
        """Return a query with fewer conditions: what the first of them leave is asked for by id.

        Raises:
            BackendError: They leave too much.
        """
        left = query.must
        while len(left) > _MOST_CONDITIONS:
            some = tree.Bool(left[:_MOST_CONDITIONS], must_not=query.must_not)
            hits = await self.find(alias, appid, some, kind, Pager(limit=WINDOW))
            if hits.total > len(hits.keys):
                raise BackendError(f"a query has more than {_MOST_CONDITIONS} conditions")
            left = [ids_query(hits.keys), *left[_MOST_CONDITIONS:]]
        return tree.Bool(left, must_not=query.must_not)

    async def _deep(self, alias: str, body: Json, pager: Pager) -> Hits:
        """Return a page beyond the cluster's window: walk there by the values of the order."""
        total, skip, taken = 0, pager.offset, _NO_HITS
        while True:
            size = min(WINDOW, skip + pager.limit - len(taken.keys))
            answer = await self._search(alias, {**body, "size": size})
            rows = answer["hits"]["hits"]
            if "search_after" not in body:
                total = self._total(answer, len(rows))
            page = self._page(rows[skip:], total)
            taken = Hits(
                taken.keys + page.keys,
                total,
                page.last_key or taken.last_key,
                taken.sources | page.sources,
            )
            skip = max(skip - len(rows), 0)
            if len(rows) < size or (not skip and len(taken.keys) >= pager.limit):
                return taken
            body = {**body, "search_after": rows[-1]["sort"], "track_total_hits": False}

    async def _telling(
        self, alias: str, appid: str, node: tree.Similar, translator: Translator
    ) -> list[str]:
        clauses = asked_counts(node, translator)
        counts: list[int] = []
        for start in range(0, len(clauses), _COUNTED):
            body = counting(clauses[start : start + _COUNTED])
            answer = await self._search(alias, {"query": _owned_by(appid), **body})
            counts += [bucket["doc_count"] for bucket in answer["aggregations"]["n"]["buckets"]]
        return telling_words(node, counts)

    async def _search(self, alias: str, body: Json) -> Json:
        answer = await self._connection.request(
            f"POST /{quote(alias, safe='')}/_search", body, doing="search", params=_PARAMS
        )
        if "hits" not in answer:
            raise self._connection.no_cluster()
        return answer

    def _hits(self, answer: Json, offset: int) -> Hits:
        rows = answer["hits"]["hits"]
        return self._page(rows, self._total(answer, offset + len(rows)))

    def _page(self, rows: list[Any], total: int) -> Hits:
        sources = [row["_source"] for row in rows]
        return Hits(
            keys=[source["_key"] for source in sources],
            total=total,
            last_key=str(rows[-1]["sort"][-1]) if rows else None,
            sources={
                source["_key"]: data_of(source["_copy"]) for source in sources if "_copy" in source
            },
        )

    def _total(self, answer: Json, seen: int) -> int:
        """Return the number of hits; where it is not tracked, of those seen."""
        total = answer["hits"].get("total")
        return seen if total is None else int(total["value"])


def _owned_by(appid: str) -> Clause:
    return {"term": {"_owner": appid}}


def _tracked(setting: str) -> bool | int:
    """Read ``para.es.track_total_hits``: ``true``, ``false`` or a number."""
    text = setting.strip()
    return int(text) if text.isascii() and text.isdecimal() else text.lower() == "true"
