"""Tools about apps: their settings, their index and cache, and new ones."""

from __future__ import annotations

from typing import Any

from para_core.nesting import without_nulls
from para_core.objects import App
from para_core.text import path_encode
from para_core.types import app_id
from para_server.mcp.call import Call, ToolError

__all__ = ["clear_cache", "create_app", "get_app_settings", "put_app_setting", "rebuild_index"]

_ONCE = "Save these keys - they are shown only once!"
_DONE = {"code": 200, "message": "All set!"}


async def get_app_settings(call: Call) -> dict[str, Any]:
    """Return all settings of the app."""
    app = call.acting.demand("GET", "_settings")
    return {key: without_nulls(value) for key, value in app.settings.items() if value is not None}


async def put_app_setting(call: Call) -> str:
    """Set one setting, or remove it."""
    key, value = call.text("key"), call.arguments.get("value")
    if not key:
        raise ToolError("Setting key cannot be empty")
    resource = f"_settings/{path_encode(key)}"
    if value is None:
        await call.services.apps.remove_setting(call.acting.demand("DELETE", resource), key)
        return "Setting removed."
    app = call.acting.demand("PUT", resource)
    await call.services.apps.put_settings(app, {key: value}, replace=False)
    return "Setting updated."


async def create_app(call: Call) -> dict[str, Any]:
    """Make an app, and return its keys."""
    call.demand_root()
    identifier = app_id(call.text("appIdentifier"))
    if identifier is None:
        raise ToolError("App identifier is required.")
    call.acting.demand("GET", f"_setup/{path_encode(identifier)}")
    app = App(id=identifier, name=call.text("name") or call.text("appIdentifier"))
    created = await call.services.apps.create(app)
    if created is None:
        return dict(_DONE)
    return {"accessKey": created.id, "message": _ONCE, "secretKey": created.secret}


async def rebuild_index(call: Call) -> str:
    """Make the search index of the app again from the database."""
    app = call.acting.demand("POST", "_reindex")
    await call.services.index.rebuild(app.identifier)
    return "Search index rebuilt."


async def clear_cache(call: Call) -> str:
    """Forget the cached objects of the app; who may rebuild the index may do this."""
    app = call.acting.demand("POST", "_reindex")
    await call.services.cache.clear(app.identifier)
    return "Cache cleared."
