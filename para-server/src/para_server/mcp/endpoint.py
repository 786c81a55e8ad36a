"""The endpoint: an ASGI application behind the door of the API.

Each request stands for itself: no session is kept, and the answer is JSON. So any worker can answer
any request, and whoever loses a right has lost it at the next one.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import mcp_types
import msgspec
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError

from para_core.errors import BackendError, ParaError
from para_core.nesting import MAX_DEPTH, is_too_deep
from para_server import __version__
from para_server.access.demand import NotAllowedError
from para_server.mcp.call import Call, ToolError
from para_server.mcp.resources import RESOURCES, read_resource
from para_server.mcp.tools import TOOLS, Offer
from para_server.services.objects import ForbiddenObjectError

if TYPE_CHECKING:
    from mcp.server import ServerRequestContext
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from para_core.config import Config

__all__ = ["READ", "READ_AND_WRITE", "Endpoint"]

logger = logging.getLogger(__name__)

READ, READ_AND_WRITE = "r", "rw"

_NAME = "para-mcp-server"
_ABOUT = "Finds, reads and, where the server allows it, changes the objects of an app in Para."
_READ_ONLY = "MCP server is in read-only mode - this operation requires 'rw' (read-write) mode."
_NO_RESOURCE = -32002  # of the protocol
_TALKATIVE = ("mcp.server.streamable_http_manager", "mcp.server.streamable_http")


class Endpoint:
    """Answers the Model Context Protocol."""

    def __init__(self, config: Config, mode: str) -> None:
        """Get ready.

        Args:
            config: The configuration of the process, which tools tell of.
            mode: ``r``, or ``rw`` for tools that change something as well.
        """
        self._config, self._mode = config, mode
        self._most = max(config.number("para.max_entity_size_bytes"), 1)
        for name in _TALKATIVE:  # they log the begin and the end of each request
            logging.getLogger(name).setLevel(logging.WARNING)
        self._server: Server[Any] = Server(
            _NAME,
            version=__version__,
            instructions=_ABOUT,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ``POST``."""
        manager = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, max_request_body_size=self._most
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    # ---- what clients ask ---------------------------------------------------------------------

    async def _list_tools(
        self, _: ServerRequestContext[Any], __: mcp_types.PaginatedRequestParams | None
    ) -> mcp_types.ListToolsResult:
        return mcp_types.ListToolsResult(tools=[offer.about for offer in TOOLS.values()])

    async def _call_tool(
        self, context: ServerRequestContext[Any], params: mcp_types.CallToolRequestParams
    ) -> mcp_types.CallToolResult:
        offer = TOOLS.get(params.name)
        if offer is None:
            return _failed(f"Unknown tool: {params.name}")
        if offer.writes and self._mode != READ_AND_WRITE:
            return _failed(_READ_ONLY)
        if is_too_deep(params.arguments):
            return _failed(f"The arguments have more than {MAX_DEPTH} levels inside each other.")
        return await _answered(offer, self._call(context, params.arguments))

    async def _list_resources(
        self, _: ServerRequestContext[Any], __: mcp_types.PaginatedRequestParams | None
    ) -> mcp_types.ListResourcesResult:
        return mcp_types.ListResourcesResult(resources=RESOURCES)

    async def _list_templates(
        self, _: ServerRequestContext[Any], __: mcp_types.PaginatedRequestParams | None
    ) -> mcp_types.ListResourceTemplatesResult:
        """Return none: assistants ask whoever has resources, and take an error for a fault."""
        return mcp_types.ListResourceTemplatesResult(resource_templates=[])

    async def _read_resource(
        self, context: ServerRequestContext[Any], params: mcp_types.ReadResourceRequestParams
    ) -> mcp_types.ReadResourceResult:
        try:
            found = await read_resource(self._call(context, None), params.uri)
        except NotAllowedError as error:
            raise MCPError(mcp_types.INVALID_REQUEST, str(error)) from error
        if found is None:
            raise MCPError(_NO_RESOURCE, f"Resource not found: {params.uri}")
        kind, text = found
        contents = mcp_types.TextResourceContents(uri=params.uri, mime_type=kind, text=text)
        return mcp_types.ReadResourceResult(contents=[contents])

    def _call(self, context: ServerRequestContext[Any], arguments: dict[str, Any] | None) -> Call:
        """Return a call with the caller that the door of the API has found out."""
        request: Request | None = context.request
        if request is None:  # pragma: no cover - the transport is HTTP
            raise RuntimeError("a call without a request")
        state = request.scope["state"]
        return Call(
            services=state["para"],
            app=state["app"],
            caller=state["caller"],
            config=self._config,
            mode=self._mode,
            arguments=arguments or {},
        )


async def _answered(offer: Offer, call: Call) -> mcp_types.CallToolResult:
    """Run a tool; what goes wrong is told to the assistant, which can put it right."""
    name = offer.about.name
    try:
        found = await offer.run(call)
    except ForbiddenObjectError:
        return _failed("Permission denied. The object does not belong to the caller.")
    except BackendError:
        logger.exception("a tool failed", extra={"tool": name})
        return _failed("A back-end failed; try again later.")
    except (ToolError, ParaError) as error:
        return _failed(str(error))
    except Exception:
        logger.exception("a tool failed", extra={"tool": name})
        return _failed(f"The tool {name} failed.")
    text = found if isinstance(found, str) else msgspec.json.encode(found).decode()
    structured = None if isinstance(found, str) else found
    return mcp_types.CallToolResult(
        content=[mcp_types.TextContent(text=text)], structured_content=structured
    )


def _failed(message: str) -> mcp_types.CallToolResult:
    return mcp_types.CallToolResult(content=[mcp_types.TextContent(text=message)], is_error=True)
