"""Searches and lists: ``/v1/{type}``, ``/v1/{type}/search/{querytype}``, ``/v1/search``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from para_core.errors import QueryError
from para_core.objects.codec import decode
from para_core.pager import Pager
from para_core.query import builders
from para_core.query.parser import parse_leniently
from para_core.query.strict import check
from para_core.query.tree import Node, Nothing
from para_server.access.ownership import may_touch, own_rule_applies
from para_server.http.answers import Answer, AnswerError, bytes_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.rest.paging import page_number, pager_of
from para_server.rest.rendering import page_bytes
from para_server.services.finder import Found
from para_server.services.objects import type_of_path
from para_server.services.similar import text_like

if TYPE_CHECKING:
    from para_core.contracts.dao import Record

__all__ = ["ROUTES", "page_answer", "visible"]


async def list_objects(request: Request) -> Answer:
    """``GET /v1/{type}``: a page of the objects of one type; ``q`` filters them."""
    return await _search(request, request.values[0], "default")


async def search_type(request: Request) -> Answer:
    """``GET /v1/{type}/search``: the same as the list of a type."""
    return await _search(request, request.values[0], "default")


async def search_type_by(request: Request) -> Answer:
    """``GET /v1/{type}/search/{querytype}``: one type, found in a special way."""
    return await _search(request, *request.values)


async def search_all(request: Request) -> Answer:
    """``GET /v1/search``: objects of all types."""
    return await _search(request, "", "default")


async def search_all_by(request: Request) -> Answer:
    """``GET /v1/search/{querytype}``: objects of all types, found in a special way."""
    return await _search(request, "", request.values[0])


async def _search(request: Request, segment: str, how: str) -> Answer:
    app, params = request.the_app(), request.params
    kind = type_of_path(app, segment) if segment else params.first("type").strip()
    text = params.first("q", "*")
    if text.strip():
        _refuse_unreadable(request, text)
    how = params.get("querytype") or how
    query, pager = await _plan(request, how, kind, text)
    if isinstance(query, Nothing):
        return page_answer(request, Found([], 0), total=0)
    found = await request.services.finder.find(app, query, kind=_kind_of(how, kind), pager=pager)
    total = len(found.records) if how == "ids" else found.total
    keeps_key = how not in ("id", "ids", "count")
    return page_answer(request, found, total=total, keeps_key=keeps_key)


def _refuse_unreadable(request: Request, text: str) -> None:
    if text == "*":
        return
    try:
        check(text)
    except QueryError as error:
        place = f"in request {request.method} {request.path}"
        raise AnswerError(400, f"Invalid query string syntax q={text} {place}") from error


def _kind_of(how: str, kind: str) -> str | None:
    return None if how in ("id", "ids") else kind or None


async def _plan(request: Request, how: str, kind: str, text: str) -> tuple[Node, Pager]:
    """Return what to look for and which page of it."""
    params, pager = request.params, pager_of(request)
    field = params.first("field")
    match how:
        case "id":
            return builders.ids_query([params.first("id")]), Pager(limit=1)
        case "ids":
            ids = params.all("ids")
            return builders.ids_query(ids), Pager(limit=max(len(ids), 1))
        case "nested":
            return builders.nested_query(field, text), pager
        case "nearby":
            return await _nearby(request, kind, text, pager)
        case "prefix":
            return builders.prefix_query(field, params.first("prefix")), pager
        case "similar":
            fields, like = params.all("fields"), params.first("like")
            like = await text_like(request, like, fields)
            return builders.similar_query(fields, like, params.first("filterid")), pager
        case "tagged":
            return builders.tagged_query(params.all("tags")), pager
        case "in":
            return builders.terms_in_query(field, params.all("terms")), pager
        case "terms":
            return _terms(request, pager)
        case "wildcard":
            return builders.wildcard_query(field, text), pager
        case "count":
            return builders.all_query(), Pager(limit=0)
        case _:
            return parse_leniently(text), pager


def _terms(request: Request, pager: Pager) -> tuple[Node, Pager]:
    params = request.params
    separator = request.services.settings.default_separator
    terms: dict[str, str] = {}
    for entry in params.all("terms"):
        name, found, value = entry.partition(separator)
        if found and name.strip():
            terms[name] = value
    if params.has("count"):
        return builders.terms_query(terms, match_all=True), Pager(limit=0)
    matches_all = params.first("matchall", "true").lower() == "true"
    return builders.terms_query(terms, match_all=matches_all), pager


async def _nearby(request: Request, kind: str, text: str, pager: Pager) -> tuple[Node, Pager]:
    params = request.params
    place = builders.near_query(params.first("latlng"), params.first("radius", "10"))
    if isinstance(place, Nothing) or not kind:
        return Nothing(), pager
    if kind == "address":
        return place, pager
    parents = await _parents_near(request, place)
    return builders.children_of_places_query(parents, text), pager


async def _parents_near(request: Request, place: Node) -> list[str]:
    app, parents = request.the_app(), dict[str, None]()
    last: str | None = None
    while True:
        pager = Pager(limit=1000, sort="_docid", desc=False, last_key=last)
        found = await request.services.finder.find(app, place, kind="address", pager=pager)
        for record in found.records:
            parent = decode(record).parentid
            if parent:
                parents[parent] = None
        last = found.last_key
        if not found.records or last is None:
            return list(parents)


def page_answer(request: Request, found: Found, *, total: int, keeps_key: bool = True) -> Answer:
    """Answer with a page of what was found, without what the caller may not see."""
    records = visible(request, found.records)
    if found.records and not records:
        total = 0
    last_key = found.last_key
    if not found.records and keeps_key:
        last_key = found.last_key or request.params.get("lastKey")
    body = page_bytes(
        request,
        records,
        page=page_number(request),
        total=total,
        last_key=last_key if keeps_key else None,
    )
    return bytes_answer(body)


def visible(request: Request, records: Sequence[Record]) -> Sequence[Record]:
    """Return the records of objects that the caller may see."""
    caller, app = request.caller, request.the_app()
    if caller.is_app:
        if all(record.type != "app" for record in records):
            return records
        return [r for r in records if r.type != "app" or may_touch(caller, app, decode(r))]
    if caller.is_admin:
        return [r for r in records if r.type != "app" or may_touch(caller, app, decode(r))]
    return [
        record
        for record in records
        if (
            record.type != "app"
            and not own_rule_applies(app, caller.userid, record.type, record.id)
        )
        or may_touch(caller, app, decode(record))
    ]


ROUTES = [
    Route("GET", "/v1/{type}", list_objects),
    Route("GET", "/v1/{type}/search", search_type),
    Route("GET", "/v1/{type}/search/{querytype}", search_type_by),
    Route("GET", "/v1/search", search_all),
    Route("GET", "/v1/search/{querytype}", search_all_by),
]
