"""Tools about the configuration of the server."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from para_core.settings import Kind
from para_core.settings.values import shown
from para_server.mcp.call import Call, ToolError

if TYPE_CHECKING:
    from para_core.settings import Key

__all__ = ["get_config_by_key", "search_config"]

_PREFIX = "para."
_USUAL, _MOST = 10, 50  # entries
_SUGGESTED = 5


async def search_config(call: Call) -> dict[str, Any]:
    """Return the keys whose name, category or description has all words of a text."""
    call.acting.demand("GET", "_mcp")
    query = call.text("query")
    words = query.lower().split()
    found = [
        entry_of(call, at, key)
        for at, key in enumerate(call.config.known_keys())
        if all(word in f"{key.name} {key.category} {key.about}".lower() for word in words)
    ][: call.number("limit", _USUAL, most=_MOST)]
    return {"results": found, "count": len(found), "query": query}


async def get_config_by_key(call: Call) -> dict[str, Any]:
    """Return one key, with or without ``para.`` in front."""
    call.acting.demand("GET", "_mcp")
    wanted = call.text("key").lower().removeprefix(_PREFIX)
    if not wanted:
        raise ToolError("Configuration key cannot be empty")
    names: list[str] = []
    for at, key in enumerate(call.config.known_keys()):
        name = key.name.removeprefix(_PREFIX)
        if name.lower() == wanted:
            return entry_of(call, at, key)
        names.append(name)
    close = difflib.get_close_matches(wanted, names, n=_SUGGESTED)
    hint = f". Did you mean: {', '.join(close)}?" if close else ""
    raise ToolError(f"Unknown configuration key: {wanted}{hint}")


def entry_of(call: Call, position: int, key: Key) -> dict[str, Any]:
    """Return what is known of a key; what it is set to, to the root app only."""
    entry = {
        "key": key.name.removeprefix(_PREFIX),
        "prefixedKey": key.name,
        "category": key.category,
        "description": key.about,
        "type": key.kind.value,
        "defaultValue": key.published,
        "tags": key.tags,
        "requiresRestart": key.restart,
        "position": position,
    }
    if call.is_root and key.kind not in (Kind.ITEMS, Kind.TABLE):
        entry["value"] = shown(key.name, call.config.text(key.name), key)
    return entry
