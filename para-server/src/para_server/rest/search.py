"""Searches and lists: ``/v1/{type}``, ``/v1/{type}/search/{querytype}``, ``/v1/search``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from para_core.errors import QueryError
from para_core.objects.codec import decode
from para_core.query import builders
from para_core.query.tree import Bool, Node, Nothing
from para_server.access.ownership import may_touch, own_rule_applies
from para_server.access.reach import leads_to
from para_server.http.answers import Answer, AnswerError, bytes_answer
from para_server.http.request import Request
from para_server.http.router import Route
from para_server.metrics.names import search_timer
from para_server.rest.paging import page_number
from para_server.rest.plans import NEEDS_LOOK_UP, Plan, plan_of
from para_server.rest.rendering import page_bytes
from para_server.services.finder import Found
from para_server.services.naming import type_of_path
from para_server.services.owning import seen_by
from para_server.services.similar import text_like

if TYPE_CHECKING:
    from para_core.contracts.dao import Record

__all__ = ["ROUTES", "page_answer", "visible"]


async def list_objects(request: Request) -> Answer:
    """``GET /v1/{type}``: a page of the objects of one type; ``q`` filters them."""
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


def list_now(request: Request) -> Answer | None:
    """Answer ``list_objects`` from memory."""
    return _search_now(request, request.values[0], "default")


def search_type_by_now(request: Request) -> Answer | None:
    """Answer ``search_type_by`` from memory."""
    return _search_now(request, *request.values)


def search_all_now(request: Request) -> Answer | None:
    """Answer ``search_all`` from memory."""
    return _search_now(request, "", "default")


def _search_now(request: Request, segment: str, how: str) -> Answer | None:
    plan = _plan(request, segment, how)
    if plan.how in NEEDS_LOOK_UP or isinstance(plan.query, Nothing):
        return None
    found = request.services.finder.peek(
        request.the_app(), plan.query, kind=plan.kind, pager=plan.pager
    )
    return None if found is None else _answer(request, plan, found)


async def _search(request: Request, segment: str, how: str) -> Answer:
    plan = _plan(request, segment, how)
    query: Node = plan.query
    kind = type_of_path(request.the_app(), segment) if segment else ""
    if plan.how == "similar":
        query = await _similar(request, kind)
    elif plan.how == "nearby" and plan.kind != "address":
        query = await _around(request, plan)
    if isinstance(query, Nothing):
        return _answer(request, plan, Found([], 0))
    found = await request.services.finder.find(
        request.the_app(), query, kind=plan.kind, pager=plan.pager
    )
    if plan.kind is None and kind:
        found = _led_to(request, kind, found)
    if found.total and not found.records:
        found = await _counted(request, query, plan.kind, found)
    return _answer(request, plan, found)


def _led_to(request: Request, kind: str, found: Found) -> Found:
    """Leave out what a path of this type does not lead to: ids may be those of any object."""
    app, caller = request.the_app(), request.caller
    if caller.is_app:
        return found
    kept = [r for r in found.records if leads_to(caller, app, kind, request.method, r)]
    return Found(kept, len(kept), found.last_key)


async def _counted(request: Request, query: Node, kind: str | None, found: Found) -> Found:
    """Count only what the caller may see, where the answer shows nothing of it."""
    app = request.the_app()
    seen = seen_by(app, request.caller, kind)
    if seen is None:
        return found
    total = await request.services.finder.count(app, Bool(must=[query, seen]), kind=kind)
    return Found([], total, found.last_key)


def _plan(request: Request, segment: str, how: str) -> Plan:
    kind = type_of_path(request.the_app(), segment) if segment else ""
    try:
        plan = plan_of(request.query, kind, how, request.services.settings)
    except QueryError as error:
        place = f"in request {request.method} {request.path}"
        message = f"Invalid query string syntax q={request.params.first('q')} {place}"
        raise AnswerError(400, message) from error
    request.timer = search_timer(plan.how)
    return plan


def _answer(request: Request, plan: Plan, found: Found) -> Answer:
    total = len(found.records) if plan.counts_items else found.total
    return page_answer(request, found, total=total, keeps_key=plan.has_last_key, page=plan.page)


async def _similar(request: Request, kind: str) -> Node:
    params = request.params
    fields = params.all("fields")
    like = await text_like(request, params.first("like"), fields, kind=kind)
    return builders.similar_query(fields, like, params.first("filterid"))


async def _around(request: Request, plan: Plan) -> Node:
    """Return what finds the objects that have an address near a place."""
    if isinstance(plan.query, Nothing) or not plan.kind:
        return Nothing()
    parents = await _parents_near(request, plan.query)
    return builders.children_of_places_query(parents, plan.text)


async def _parents_near(request: Request, place: Node) -> list[str]:
    finder = request.services.finder
    places = finder.each(request.the_app(), place, kind="address", size=1000)
    parents = [decode(record).parentid async for record in places]
    return list(dict.fromkeys(parent for parent in parents if parent))


def page_answer(
    request: Request,
    found: Found,
    *,
    total: int,
    page: int | None = None,
    keeps_key: bool = True,
) -> Answer:
    """Answer with a page of what was found, without what the caller may not see."""
    if page is None:
        page = page_number(request.params, request.services.settings)
    records = visible(request, found.records)
    if found.records and not records:
        total = 0
    last_key = found.last_key
    if not found.records and keeps_key:
        last_key = found.last_key or request.params.get("lastKey")
    shown = last_key if keeps_key else None
    return bytes_answer(page_bytes(request, records, page=page, total=total, last_key=shown))


def visible(request: Request, records: Sequence[Record]) -> Sequence[Record]:
    """Return the records of objects that the caller may see."""
    caller, app = request.caller, request.the_app()
    if caller.is_app:
        if "app" not in {record.type for record in records}:
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
    Route("GET", "/v1/{type}", list_objects, now=list_now, timer="RestUtils.search.default"),
    Route("GET", "/v1/{type}/search", list_objects, now=list_now, timer="RestUtils.search.default"),
    Route(
        "GET",
        "/v1/{type}/search/{querytype}",
        search_type_by,
        now=search_type_by_now,
        timer="RestUtils.search.default",
    ),
    Route("GET", "/v1/search", search_all, now=search_all_now, timer="RestUtils.search.default"),
    Route("GET", "/v1/search/{querytype}", search_all_by, timer="RestUtils.search.default"),
]
