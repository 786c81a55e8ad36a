"""The tools, by the names that assistants call them by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp_types import Tool, ToolAnnotations

from para_server.mcp import apps, configuration, objects
from para_server.mcp.call import Call

__all__ = ["TOOLS", "Offer"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool: what assistants are told of it, and what it does."""

    about: Tool
    run: Callable[[Call], Awaitable[dict[str, Any] | str]]

    @property
    def writes(self) -> bool:
        """Whether it changes something, which the mode ``r`` does not allow."""
        return not (self.about.annotations and self.about.annotations.read_only_hint)


_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 1}
_MAP = {"type": "object"}
_ANY: Mapping[str, Any] = {}


def _tool(  # noqa: PLR0913 - what is told of a tool
    name: str,
    title: str,
    about: str,
    run: Callable[[Call], Awaitable[dict[str, Any] | str]],
    *,
    takes: Mapping[str, Mapping[str, Any]] | None = None,
    needs: tuple[str, ...] = (),
    hints: str = "read idempotent",
) -> Offer:
    schema = {"type": "object", "properties": dict(takes or {}), "required": list(needs)}
    notes = ToolAnnotations(
        title=title,
        read_only_hint="read" in hints,
        destructive_hint="destroys" in hints,
        idempotent_hint="idempotent" in hints,
        open_world_hint=False,
    )
    told = Tool(name=name, title=title, description=about, input_schema=schema, annotations=notes)
    return Offer(told, run)


_OFFERS = [
    _tool(
        "config_search",
        "Search Para Configuration",
        "Finds configuration keys of the server by words of their name, category or description.",
        configuration.search_config,
        takes={"query": _TEXT, "limit": _COUNT},
        needs=("query",),
    ),
    _tool(
        "get_config_by_key",
        "Get Configuration Property by Key",
        "Tells what a configuration key means, its default, and, to the root app, its value.",
        configuration.get_config_by_key,
        takes={"key": _TEXT},
        needs=("key",),
    ),
    _tool(
        "list_types",
        "List Para Object Types and Statistics",
        "Lists the types of objects in this app, and how many objects there are of each.",
        objects.list_types,
    ),
    _tool(
        "search",
        "Search for Para Objects of any type",
        "Finds objects by a query in the syntax of Lucene, such as `name:Ann*` or "
        "`properties.age:[18 TO *]`, page by page.",
        objects.search,
        takes={"query": _TEXT, "type": _TEXT, "limit": _COUNT, "page": _COUNT},
    ),
    _tool(
        "get_user_by_email",
        "Get User by Email",
        "Reads the user with an e-mail address.",
        objects.get_user_by_email,
        takes={"email": _TEXT},
        needs=("email",),
    ),
    _tool(
        "get_object_by_id",
        "Read a Para Object by ID",
        "Reads one object, whatever its type is.",
        objects.get_object_by_id,
        takes={"objectId": _TEXT},
        needs=("objectId",),
    ),
    _tool(
        "get_app_settings",
        "Get App Settings",
        "Reads the settings of this app.",
        apps.get_app_settings,
    ),
    _tool(
        "put_app_setting",
        "Set App Setting",
        "Sets one setting of this app; without a value it is removed.",
        apps.put_app_setting,
        takes={"key": _TEXT, "value": _ANY},
        needs=("key",),
        hints="idempotent",
    ),
    _tool(
        "create_app",
        "Create a new Para App",
        "Makes a new app and tells its keys, once. Only the root app can do this.",
        apps.create_app,
        takes={"appIdentifier": _TEXT, "name": _TEXT},
        needs=("appIdentifier",),
        hints="destroys",
    ),
    _tool(
        "create_object",
        "Create a New Para Object",
        "Makes an object of any type; `fields` has its other fields, by name.",
        objects.create_object,
        takes={"type": _TEXT, "name": _TEXT, "fields": _MAP},
        needs=("type", "name"),
        hints="destroys",
    ),
    _tool(
        "update_object",
        "Update a Para Object",
        "Changes the given fields of an object; a custom field that is null is removed.",
        objects.update_object,
        takes={"objectId": _TEXT, "fields": _MAP},
        needs=("objectId", "fields"),
        hints="idempotent",
    ),
    _tool(
        "delete_object",
        "Delete a Para Object",
        "Deletes one object, with what belongs to it.",
        objects.delete_object,
        takes={"objectId": _TEXT},
        needs=("objectId",),
        hints="destroys idempotent",
    ),
    _tool(
        "rebuild_index",
        "Rebuild Search Index",
        "Makes the search index of this app again from the database.",
        apps.rebuild_index,
        hints="destroys idempotent",
    ),
    _tool(
        "clear_cache",
        "Clear Object Cache",
        "Forgets the cached objects of this app; they are read from the database again.",
        apps.clear_cache,
        hints="destroys idempotent",
    ),
]

TOOLS: Mapping[str, Offer] = {offer.about.name: offer for offer in _OFFERS}
