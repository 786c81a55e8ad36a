"""Objects in answers: what a caller may see of them, and the fields it asked for.

Objects that nothing has to be hidden of go out as the bytes they are stored in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from para_core.contracts.dao import Record
from para_core.objects import ParaObject, Sysprop
from para_core.objects.codec import decode, is_raw, record_of, wire, wire_array, wire_bytes
from para_server.access.ownership import shown
from para_server.access.visibility import needs_filter
from para_server.http.request import Request

__all__ = ["page_bytes", "render", "render_all"]

_encode = msgspec.json.encode


def render(request: Request, item: Record | ParaObject) -> bytes:
    """Return one object as JSON."""
    return _one(request, item, _selected(request))


def render_all(request: Request, items: Iterable[Record | ParaObject]) -> bytes:
    """Return objects as a JSON array."""
    names = _selected(request)
    if names or not request.caller.is_app:
        return b"[" + b",".join([_one(request, item, names) for item in items]) + b"]"
    return wire_array(items, lambda item: _one(request, item, names))


def page_bytes(
    request: Request,
    items: Sequence[Record | ParaObject],
    *,
    page: int,
    total: int,
    last_key: str | None,
) -> bytes:
    """Return a page of results as JSON."""
    tail = b',"page":%d,"totalHits":%d' % (page, total)
    key = b',"lastKey":' + _encode(last_key) if last_key else b""
    return b'{"items":' + render_all(request, items) + tail + key + b"}"


def _one(request: Request, item: Record | ParaObject, names: Sequence[str]) -> bytes:
    caller, kind = request.caller, item.type
    if not names and is_raw(kind) and not needs_filter(kind, caller):
        return wire_bytes(record_of(item) if isinstance(item, ParaObject) else item)
    obj = item if isinstance(item, ParaObject) else decode(item)
    whole = wire(obj, context_path=request.services.settings.context_path)
    fields = shown(caller, request.the_app(), whole)
    return _encode(_only(fields, obj, names) if names else fields)


def _only(fields: dict[str, Any], obj: ParaObject, names: Sequence[str]) -> dict[str, Any]:
    if "properties" in names and "properties" not in fields and isinstance(obj, Sysprop):
        custom = {name: fields[name] for name in obj.properties if name in fields}
        fields = {**fields, "properties": custom}
    return {name: fields[name] for name in names if name in fields}


def _selected(request: Request) -> list[str]:
    if b"select" not in request.query:
        return []
    parts = ",".join(request.params.all("select")).split(",")
    return [name.strip() for name in parts if name.strip()]
