"""From the parameters of a search to what is looked for: pure, so plans are kept and used again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from para_core.pager import Pager
from para_core.query import builders
from para_core.query.parser import parse_leniently
from para_core.query.strict import check
from para_core.query.tree import Node
from para_server.config import ApiSettings
from para_server.http.request import Params
from para_server.rest.paging import page_number, pager_of

__all__ = ["NEEDS_LOOK_UP", "Plan", "plan_of"]

NEEDS_LOOK_UP = frozenset({"nearby", "similar"})
"""Ways of searching whose plan depends on stored objects."""

_BY_ID = frozenset({"id", "ids"})
_WITHOUT_KEY = frozenset({"id", "ids", "count"})
_KEPT = 4096  # plans


@dataclass(frozen=True, slots=True)
class Plan:
    """One search: what for, among which type, which page, and how the answer looks."""

    how: str
    text: str  # the parameter q
    query: Node
    pager: Pager
    kind: str | None
    page: int  # as the answer repeats it

    @property
    def has_last_key(self) -> bool:
        """Whether the answer tells where to go on."""
        return self.how not in _WITHOUT_KEY and not (self.how == "nearby" and self.kind == "address")

    @property
    def counts_items(self) -> bool:
        """Whether the total is the number of items, as for a list of ids."""
        return self.how == "ids"


@lru_cache(maxsize=_KEPT)
def plan_of(query: bytes, kind: str, how: str, settings: ApiSettings) -> Plan:
    """Return the plan of a search.

    Args:
        query: The raw query string.
        kind: The type in the path, singular; empty for all types.
        how: The way in the path; a parameter ``querytype`` wins over it.
        settings: The bounds of pages.

    Raises:
        QueryError: ``q`` breaks the grammar, whatever the way of searching is.
    """
    params = Params(query)
    text = params.first("q", "*")
    if text.strip() and text != "*":
        check(text)
    how = params.get("querytype") or how
    kind = kind or params.first("type").strip()
    tree, pager = _tree(params, how, text, settings)
    return Plan(
        how, text, tree, pager, None if how in _BY_ID else kind or None, page_number(params, settings)
    )


def _tree(params: Params, how: str, text: str, settings: ApiSettings) -> tuple[Node, Pager]:
    pager, field = pager_of(params, settings), params.first("field")
    match how:
        case "id":
            return builders.ids_query([params.first("id")]), Pager(limit=1)
        case "ids":
            ids = params.all("ids")
            return builders.ids_query(ids), Pager(limit=max(len(ids), 1))
        case "nested":
            return builders.nested_query(field, text), pager
        case "nearby":
            place = builders.near_query(params.first("latlng"), params.first("radius", "10"))
            return place, pager
        case "prefix":
            return builders.prefix_query(field, params.first("prefix")), pager
        case "tagged":
            return builders.tagged_query(params.all("tags")), pager
        case "in":
            return builders.terms_in_query(field, params.all("terms")), pager
        case "terms":
            return _terms(params, pager, settings.default_separator)
        case "wildcard":
            return builders.wildcard_query(field, text), pager
        case "similar" | "count":
            return builders.all_query(), pager if how == "similar" else Pager(limit=0)
        case _:
            return parse_leniently(text), pager


def _terms(params: Params, pager: Pager, separator: str) -> tuple[Node, Pager]:
    terms: dict[str, str] = {}
    for entry in params.all("terms"):
        name, found, value = entry.partition(separator)
        if found and name.strip():
            terms[name] = value
    if params.has("count"):
        return builders.terms_query(terms, match_all=True), Pager(limit=0)
    matches_all = params.first("matchall", "true").lower() == "true"
    return builders.terms_query(terms, match_all=matches_all), pager
