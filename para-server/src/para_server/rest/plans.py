"""From the parameters of a search to what is looked for: pure, so plans are kept and used again."""

from __future__ import annotations

from collections.abc import Callable
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
_LONGEST_KEPT = 300  # bytes of a query string whose plan is kept


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
        is_of_addresses = self.how == "nearby" and self.kind == "address"
        return self.how not in _WITHOUT_KEY and not is_of_addresses

    @property
    def counts_items(self) -> bool:
        """Whether the total is the number of items, as for a list of ids."""
        return self.how == "ids"


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
    if len(query) + len(kind) <= _LONGEST_KEPT:
        return _plan_of(query, kind, how, settings)
    return _plan_of.__wrapped__(query, kind, how, settings)


@lru_cache(maxsize=_KEPT)
def _plan_of(query: bytes, kind: str, how: str, settings: ApiSettings) -> Plan:
    params = Params(query)
    text = params.first("q", "*")
    if text.strip() and text != "*":
        check(text)
    how = params.get("querytype") or how
    kind = kind or params.first("type").strip()
    return Plan(
        how=how,
        text=text,
        query=_query(how, _Words(params, text, settings.default_separator)),
        pager=_pager(how, params, settings),
        kind=None if how in _BY_ID else kind or None,
        page=page_number(params, settings),
    )


def _pager(how: str, params: Params, settings: ApiSettings) -> Pager:
    if how in _BY_ID:
        return Pager(limit=max(len(params.all("ids")), 1) if how == "ids" else 1)
    if how == "count" or (how == "terms" and params.has("count")):
        return Pager(limit=0)
    return pager_of(params, settings)


@dataclass(frozen=True, slots=True)
class _Words:
    """What a request says about what it looks for."""

    params: Params
    text: str
    separator: str  # between the name and the value of a term

    @property
    def field(self) -> str:
        return self.params.first("field")


def _near(words: _Words) -> Node:
    params = words.params
    return builders.near_query(params.first("latlng"), params.first("radius", "10"))


def _terms(words: _Words) -> Node:
    params = words.params
    terms: dict[str, str] = {}
    for entry in params.all("terms"):
        name, found, value = entry.partition(words.separator)
        if found and name.strip():
            terms[name] = value
    matches_all = params.has("count") or params.first("matchall", "true").lower() == "true"
    return builders.terms_query(terms, match_all=matches_all)


_BUILDERS: dict[str, Callable[[_Words], Node]] = {
    "count": lambda _: builders.all_query(),
    "id": lambda words: builders.ids_query([words.params.first("id")]),
    "ids": lambda words: builders.ids_query(words.params.all("ids")),
    "in": lambda words: builders.terms_in_query(words.field, words.params.all("terms")),
    "nearby": _near,
    "nested": lambda words: builders.nested_query(words.field, words.text),
    "prefix": lambda words: builders.prefix_query(words.field, words.params.first("prefix")),
    "similar": lambda _: builders.all_query(),
    "tagged": lambda words: builders.tagged_query(words.params.all("tags")),
    "terms": _terms,
    "wildcard": lambda words: builders.wildcard_query(words.field, words.text),
}
"""What each way of searching looks for; any other one reads ``q`` as a query."""


def _query(how: str, words: _Words) -> Node:
    build = _BUILDERS.get(how)
    return build(words) if build is not None else parse_leniently(words.text)
