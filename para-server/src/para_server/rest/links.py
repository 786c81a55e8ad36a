"""Links of an object: ``/v1/{type}/{id}/links``."""

from __future__ import annotations

from para_core.objects import ParaObject
from para_core.objects.codec import decode
from para_core.pager import Pager
from para_core.query import builders
from para_core.query.parser import parse_leniently
from para_core.query.tree import Node
from para_server.access.ownership import may_touch
from para_server.access.reach import leads_to, opens
from para_server.http.answers import EMPTY, Answer, AnswerError, text_answer
from para_server.http.request import Params, Request
from para_server.http.router import Route
from para_server.rest.paging import page_number, pager_of
from para_server.rest.search import page_answer, visible
from para_server.services.finder import Found
from para_server.services.naming import normal_id, type_of_path
from para_server.services.owning import seen_by

__all__ = ["ROUTES"]


async def list_links(request: Request) -> Answer:
    """``GET /v1/{type}/{id}/links/{type2}``: linked objects, or children, of one type."""
    obj = await _first(request)
    is_children = request.params.has("childrenonly")
    page = page_number(request.params, request.services.settings)
    if request.params.has("count"):
        total = await _count(request, obj, is_children=is_children)
        return page_answer(request, Found([], total), total=total, page=page, keeps_key=False)
    pager = pager_of(request.params, request.services.settings)
    found = await (_children if is_children else _linked)(request, obj, pager)
    is_told = found.records or seen_by(request.the_app(), request.caller, None) is None
    return page_answer(request, found, total=found.total if is_told else 0, page=page)


async def is_linked(request: Request) -> Answer:
    """``GET /v1/{type}/{id}/links/{type2}/{id2}``: whether two objects are linked."""
    obj = await _first(request)
    links, app = request.services.links, request.the_app()
    is_there = await links.is_linked(app, obj, _other_type(request), request.values[3])
    return text_answer("true" if is_there else "false")


async def link(request: Request) -> Answer:
    """``POST`` and ``PUT /v1/{type}/{id}/links/{id2}``: link two objects."""
    obj = await _first(request, changes=True)
    other = request.values[2]
    may_see = request.caller.is_app or await _may_see(request, other)
    key = await request.services.links.link(request.the_app(), obj, other) if may_see else None
    if key is None:
        raise AnswerError(400, "Failed to create link.")
    return text_answer(key)


async def _may_see(request: Request, key: str) -> bool:
    """Return whether the caller may read an object by its own path, as by a link to it."""
    app, caller = request.the_app(), request.caller
    record = await request.services.objects.read(app, caller, key)
    return record is not None and opens(caller, app, "GET", record)


async def unlink_all(request: Request) -> Answer:
    """``DELETE /v1/{type}/{id}/links``: remove all links of an object."""
    obj = await _first(request, changes=True)
    await request.services.links.unlink_all(request.the_app(), obj)
    return EMPTY


async def unlink_type(request: Request) -> Answer:
    """``DELETE /v1/{type}/{id}/links/{type2}``: delete children, or remove links with one type.

    ``childrenonly`` asks for the one and ``all`` for the other; without them nothing happens.
    """
    obj = await _first(request, changes=True)
    app, links, kind = request.the_app(), request.services.links, _other_type(request)
    if request.params.has("childrenonly"):
        await links.delete_children(app, request.caller, obj, kind)
    elif request.params.has("all"):
        await links.unlink_all(app, obj, kind)
    return EMPTY


async def unlink(request: Request) -> Answer:
    """``DELETE /v1/{type}/{id}/links/{type2}/{id2}``: remove the link between two objects."""
    obj = await _first(request, changes=True)
    links, app = request.services.links, request.the_app()
    await links.unlink(app, obj, _other_type(request), request.values[3])
    return EMPTY


async def _first(request: Request, *, changes: bool = False) -> ParaObject:
    """Return the object in the path; one whose links the caller may not change is not there."""
    app, caller = request.the_app(), request.caller
    segment, key = request.values[:2]
    kind = type_of_path(app, segment)
    record = await request.services.store.read(app.identifier, normal_id(kind, key))
    obj = None if record is None else decode(record)
    if (
        obj is None
        or not leads_to(caller, app, kind, request.method, obj)
        or (changes and not may_touch(caller, app, obj))
    ):
        message = f"Object not found: {key}"
        raise AnswerError(404, message)
    return obj


def _other_type(request: Request) -> str:
    return type_of_path(request.the_app(), request.values[2])


async def _count(request: Request, obj: ParaObject, *, is_children: bool) -> int:
    """Count the linked objects, or the children, that the caller may see."""
    links, app, kind = request.services.links, request.the_app(), _other_type(request)
    seen = seen_by(app, request.caller, kind)
    if is_children:
        return await links.count_children(app, obj, kind, query=seen)
    if seen is None:
        return await links.count(app, obj, kind)
    count = 0
    async for record in links.all_linked(app, obj, kind):  # they may be too many to hold
        count += len(visible(request, [record]))
    return count


async def _linked(request: Request, obj: ParaObject, pager: Pager) -> Found:
    params, text = request.params, request.params.first("q")
    query = builders.nested_query(params.first("field"), text) if text.strip() else None
    links, app, kind = request.services.links, request.the_app(), _other_type(request)
    return await links.linked(app, obj, kind, pager, query=query)


async def _children(request: Request, obj: ParaObject, pager: Pager) -> Found:
    links, app, kind = request.services.links, request.the_app(), _other_type(request)
    return await links.children(app, obj, kind, pager, query=_wanted(request.params))


def _wanted(params: Params) -> Node | None:
    """Return what children must match: a field's value, or else a query, or nothing."""
    text = params.first("q")
    if params.has("field") and params.has("term"):
        field = params.first("field")
        term = {field: params.first("term")}
        return builders.terms_query(term, match_all=True) if field.strip() else None
    return parse_leniently(text) if text.strip() else None


_KIND, _BOTH = "/v1/{type}/{id}/links/{type2}", "/v1/{type}/{id}/links/{type2}/{id2}"
_READ, _CREATE, _DELETE = (f"RestUtils.links.{verb}" for verb in ("read", "create", "delete"))

ROUTES = [
    Route("GET", _KIND, list_links, timer=_READ),
    Route("GET", _BOTH, is_linked, timer=_READ),
    Route("POST", "/v1/{type}/{id}/links/{id2}", link, answers_at_once=True, timer=_CREATE),
    Route("PUT", "/v1/{type}/{id}/links/{id2}", link, answers_at_once=True, timer=_CREATE),
    Route("DELETE", "/v1/{type}/{id}/links", unlink_all, answers_at_once=True, timer=_DELETE),
    Route("DELETE", _KIND, unlink_type, answers_at_once=True, timer=_DELETE),
    Route("DELETE", _BOTH, unlink, answers_at_once=True, timer=_DELETE),
]
