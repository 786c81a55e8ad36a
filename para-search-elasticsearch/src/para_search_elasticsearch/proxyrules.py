"""What a client may ask the cluster through the proxy: reading, of its own app's documents only.

Every request becomes a ``POST`` of a body whose query is joined with a filter on the app, so that
it holds in an index that apps share as well. What reaches past a filter (other indexes, scripts,
suggestions, statistics of the whole index) is refused by name, at any depth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

import msgspec

from para_search_elasticsearch.connection import Json

__all__ = ["Forbidden", "Malformed", "Question", "question_of"]

_RAW = "getrawresponse"
_APIS = {"_search", "_count"}
_BODY = {
    "_search": frozenset(
        ["query", "size", "from", "sort", "aggs", "aggregations", "post_filter", "search_after"]
    ).union(
        ["track_total_hits", "min_score", "collapse", "highlight", "_source", "fields"],
        ["docvalue_fields", "timeout", "explain", "track_scores", "terminate_after"],
    ),
    "_count": frozenset(["query"]),
}
_NUMBERS = frozenset(["size", "from", "terminate_after"])
_PARAMS = frozenset(["size", "from", "terminate_after", "sort", "track_total_hits", "timeout"])
_OF_QUERY = {"df": "default_field", "default_operator": "default_operator"}
_UNHEEDED = frozenset(["pretty", "human", "error_trace"])
_NEVER = frozenset(
    ["index", "_index", "indexed_shape", "pit", "percolate", "suggest", "global", "template"]
).union(
    ["wrapper", "more_like_this", "significant_terms", "significant_text", "runtime_mappings"],
    ["bucket_script", "bucket_selector", "scripted_metric"],
)
_DEEPEST = 50


class Forbidden(Exception):  # noqa: N818 - an answer, not a failure
    """The client asks for what the proxy does not do."""


class Malformed(Exception):  # noqa: N818 - an answer, not a failure
    """The request cannot be read."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent to the cluster, and how the answer is told."""

    api: str
    body: Json
    is_raw: bool


def question_of(path: str, query: str, body: bytes, appid: str) -> Question:
    """Return what a request asks.

    Args:
        path: What follows the path of the proxy, decoded: ``_search``, ``/_count?q=*``.
        query: The query string of the request itself.
        body: JSON, or nothing.
        appid: The app whose documents may be found.

    Raises:
        Forbidden: The path, a parameter or a name in the body is none of those allowed.
        Malformed: The body is no JSON object, or a parameter no number.
    """
    place, _, inner = path.partition("?")
    api = place.strip("/") or "_search"
    if api not in _APIS:
        raise Forbidden(f"{api} is not to be reached here; there are {', '.join(sorted(_APIS))}")
    pairs = [*parse_qsl(inner, keep_blank_values=True), *parse_qsl(query, keep_blank_values=True)]
    is_raw = any(name.lower() == _RAW for name, _ in pairs)
    params = {name: value for name, value in pairs if name.lower() != _RAW}
    asked = _decoded(body)
    _check_names(asked, 0)
    _add_params(asked, params)
    _check_top(asked, _BODY[api])
    asked["query"] = {
        "bool": {
            "must": [asked.get("query") or {"match_all": {}}],
            "filter": [{"term": {"_owner": appid}}],
        }
    }
    if api == "_search" and not is_raw:
        asked["_source"] = ["_key"]
    return Question(api, asked, is_raw)


def _decoded(body: bytes) -> Json:
    if not body.strip():
        return {}
    try:
        asked = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed("the body is no JSON") from error
    if not isinstance(asked, dict):
        raise Malformed("the body is no JSON object")
    return asked


def _check_names(value: object, depth: int) -> None:
    """Refuse names that reach past the filter, wherever they stand."""
    if depth > _DEEPEST:
        raise Malformed("the body nests too deep")
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in _NEVER or name.startswith("script"):
                raise Forbidden(f"{name} is not allowed here")
            _check_names(inner, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            _check_names(inner, depth + 1)


def _check_top(asked: Json, allowed: Iterable[str]) -> None:
    for name in asked:
        if name not in allowed:
            raise Forbidden(f"{name} is not allowed here")


def _add_params(asked: Json, params: Mapping[str, str]) -> None:
    """Take over what stands in the query string, ``q`` among it."""
    rest = {name: value for name, value in params.items() if name not in _UNHEEDED}
    text = rest.pop("q", None)
    options = {new: rest.pop(old) for old, new in _OF_QUERY.items() if old in rest}
    if text is not None:
        asked["query"] = {"query_string": {"query": text, **options}}
    for name, value in rest.items():
        if name not in _PARAMS:
            raise Forbidden(f"the parameter {name} is not allowed here")
        asked[name] = _value(name, value)


def _value(name: str, value: str) -> object:
    if name == "sort":
        fields = [part.partition(":") for part in value.split(",")]
        return [{field: {"order": order or "asc"}} for field, _, order in fields]
    if name in _NUMBERS or (name == "track_total_hits" and value.isdecimal()):
        if not (value.isascii() and value.isdecimal()):
            raise Malformed(f"{name} is no number")
        return int(value)
    return value.lower() == "true" if name == "track_total_hits" else value
