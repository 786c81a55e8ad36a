"""Tools that find, read, make, change and delete objects."""

from __future__ import annotations

from typing import Any

from para_core.errors import InvalidObjectError, QueryError
from para_core.formats import is_email
from para_core.pager import Pager
from para_core.types import SINGULARS
from para_server.mcp.call import Call, ToolError
from para_server.services.owning import counts_of

__all__ = [
    "create_object",
    "delete_object",
    "get_object_by_id",
    "get_user_by_email",
    "list_types",
    "search",
    "update_object",
]

_MOST, _USUAL = 1000, 30  # objects on a page
_MOST_PAGES = 1000


async def list_types(call: Call) -> dict[str, Any]:
    """Return how many objects of each type the caller may see."""
    app = call.acting.demand("GET", "_types")
    kinds = sorted({*SINGULARS.values(), *app.datatypes.values()})
    counts = await counts_of(call.services.finder, app, call.caller, kinds)
    return {"totalObjects": sum(counts.values()), "typeCount": len(counts), "types": counts}


async def search(call: Call) -> dict[str, Any]:
    """Return one page of the objects that match a query."""
    query, kind = call.text("query") or "*", call.text("type") or None
    limit = call.number("limit", _USUAL, most=_MOST)
    page = call.number("page", 1, most=_MOST_PAGES)
    try:
        found = await call.acting.find(query, kind=kind, pager=Pager(page=page, limit=limit))
    except QueryError as error:
        raise ToolError(f"Invalid query string syntax: {query}") from error
    items = [call.seen(record) for record in found.records]
    return {"items": items, "totalHits": found.total, "page": page, "limit": limit}


async def get_user_by_email(call: Call) -> dict[str, Any]:
    """Return the user with an address."""
    email = call.text("email")
    if not email:
        raise ToolError("Email address is required.")
    if not is_email(email):
        raise ToolError(f"'{email}' is no e-mail address.")
    query = f'email:"{email.lower()}"'
    found = await call.acting.find(query, kind="user", pager=Pager(limit=1))
    if not found.records:
        raise ToolError(f"User not found with email: {email}")
    return call.seen(found.records[0])


async def get_object_by_id(call: Call) -> dict[str, Any]:
    """Return one object."""
    return call.acting.seen(await call.object())


async def create_object(call: Call) -> dict[str, Any]:
    """Make an object of a type and a name, and other fields."""
    kind, name = call.text("type"), call.text("name")
    if not kind or not name:
        raise ToolError("Object type and name are required")
    body = {**call.fields(), "type": kind, "name": name}
    try:
        record = await call.acting.create(kind, body)
    except InvalidObjectError as error:
        lines = "".join(f"\n• {message}" for message in error.messages)
        raise ToolError(
            f"Cannot create an object of type '{kind}':{lines}\n"
            "The end user must supply these values; do not make them up."
        ) from error
    return {"message": "Object created successfully", "object": call.seen(record)}


async def update_object(call: Call) -> dict[str, Any]:
    """Change some fields of an object."""
    fields = call.fields()
    obj = await call.object()
    if not fields:
        raise ToolError("No fields to update provided.")
    record = await call.acting.update(obj.type, obj.id, fields)
    if record is None:
        raise ToolError(f"Object not found with ID: {obj.id}")
    return {
        "message": f"Object updated successfully with {len(fields)} field(s)",
        "updatedFields": list(fields),
        "object": call.seen(record),
    }


async def delete_object(call: Call) -> dict[str, Any]:
    """Delete an object."""
    obj = await call.object()
    await call.acting.delete(obj.type, obj.id)
    return {
        "message": "Object deleted successfully",
        "deletedId": obj.id,
        "deletedType": obj.type,
        "deletedName": obj.name,
    }
