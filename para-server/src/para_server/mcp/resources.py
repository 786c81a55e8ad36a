"""The resources: what this server is, and the documentation of its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from mcp_types import Resource

from para_core.selection import FAMILIES
from para_server import COMPATIBLE_VERSION, __version__
from para_server.config_options import render_options
from para_server.mcp.tools import TOOLS
from para_server.services.health import is_healthy

if TYPE_CHECKING:
    from para_server.mcp.call import Call

__all__ = ["RESOURCES", "read_resource"]

_HOME, _METADATA, _CONFIG = "para:///", "para:///metadata", "para:///config"
_JSON, _MARKDOWN = "application/json", "text/markdown"

RESOURCES = [
    Resource(
        uri=_HOME,
        name="para",
        title="Para",
        description="What this server is, and which tools it has.",
        mime_type=_JSON,
    ),
    Resource(
        uri=_METADATA,
        name="metadata",
        title="Metadata of the server",
        description="Versions, parts and features of this server, and the app that asks.",
        mime_type=_JSON,
    ),
    Resource(
        uri=_CONFIG,
        name="config",
        title="Configuration reference",
        description="Every configuration key with its meaning and its default.",
        mime_type=_MARKDOWN,
    ),
]

_NAMES = ("dao", "search", "cache", "queue", "fileStore", "emailer")
_PARTS = dict(zip(_NAMES, FAMILIES, strict=True))


async def read_resource(call: Call, uri: str) -> tuple[str, str] | None:
    """Return type and text of a resource; ``None`` when there is none at this address.

    Raises:
        NotAllowedError: The caller may not read here.
    """
    call.acting.demand("GET", "_mcp")
    if uri in (_HOME, _HOME.rstrip("/")):
        return _JSON, msgspec.json.encode(_home(call)).decode()
    if uri == _METADATA:
        return _JSON, msgspec.json.encode(await _metadata(call)).decode()
    if uri == _CONFIG:
        return _MARKDOWN, render_options("markdown", "category")[1].decode()
    return None


def _home(call: Call) -> dict[str, Any]:
    usable = [offer for offer in TOOLS.values() if call.mode == "rw" or not offer.writes]
    return {
        "server": "Para MCP Server",
        "version": "1.0",
        "appIdentifier": call.caller.appid,
        "mcpMode": call.mode,
        "tools": {offer.about.name: offer.about.description for offer in usable},
    }


async def _metadata(call: Call) -> dict[str, Any]:
    config, settings = call.config, call.services.settings
    return {
        "server": {
            "port": settings.port,
            "healthy": await is_healthy(call.services),
            "version": COMPATIBLE_VERSION,
            "revision": __version__,
            "contextPath": settings.context_path,
            "currentParaApp": _app(call),
        },
        "environment": {
            "appName": settings.root_name,
            "environment": settings.environment,
            "cluster": config.text("para.cluster_name"),
            "workerId": settings.worker_id,
        },
        "modules": {name: config.text(family.key) for name, family in _PARTS.items()},
        "features": {
            "apiEnabled": settings.api_enabled,
            "landingPageEnabled": settings.landing_page_enabled,
            "webhooksEnabled": config.flag("para.webhooks_enabled"),
            "queuePollingEnabled": config.flag("para.queue_link_enabled"),
            "healthCheckEnabled": settings.health_check_enabled,
            "searchEnabled": settings.search_enabled,
            "cacheEnabled": settings.cache_enabled,
        },
        "configurationMetadata": {
            "totalConfigurationProperties": len(config.known_keys()),
            "referenceResource": _CONFIG,
            "searchTool": "config_search",
        },
        "mcpTransport": {
            "protocol": "streamable",
            "endpoint": f"{settings.context_path}/v1/_mcp",
        },
    }


def _app(call: Call) -> dict[str, Any]:
    app = call.acting.demand("GET", "_mcp")
    return {
        "id": app.id,
        "appIdentifier": app.identifier,
        "name": app.name,
        "timestamp": app.timestamp,
        "isRootApp": call.caller.is_root,
        "active": app.active,
        "tokenValiditySec": app.token_validity_sec,
        "shared": app.sharing_table,
    }
