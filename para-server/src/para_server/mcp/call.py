"""One call of a tool: who calls, with what, and what may go wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from para_core.objects.codec import decode
from para_server.services.acting import Acting

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.contracts.dao import Record
    from para_core.objects import App, ParaObject
    from para_server.access.principal import Principal
    from para_server.services.container import Services

__all__ = ["Call", "ToolError"]

_ROOT_ONLY = "Permission denied. Only the root app can perform this operation."


class ToolError(Exception):
    """A tool cannot do what it is asked; the message is for the assistant."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call; ``config`` is the configuration of the process."""

    services: Services
    app: App | None
    caller: Principal
    config: Config
    mode: str  # r or rw
    arguments: Mapping[str, Any]

    @property
    def acting(self) -> Acting:
        """What the caller may do to objects."""
        return Acting(self.services, self.app, self.caller)

    @property
    def is_root(self) -> bool:
        """Whether the root app itself calls."""
        return self.caller.is_app and self.caller.is_root

    def demand_root(self) -> None:
        """Let only the root app go on.

        Raises:
            ToolError: It is somebody else.
        """
        if not self.is_root:
            raise ToolError(_ROOT_ONLY)

    def text(self, name: str) -> str:
        """Return an argument as a trimmed text; empty when it is missing.

        Raises:
            ToolError: It is something else than a text or a number.
        """
        value = self.arguments.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ToolError(f"'{name}' must be a text.")
        return str(value).strip()

    def number(self, name: str, default: int, *, most: int) -> int:
        """Return an argument as a whole number between 1 and ``most``.

        Raises:
            ToolError: It is no number.
        """
        value = self.text(name)
        try:
            return min(max(int(float(value)), 1), most) if value else default
        except (ValueError, OverflowError):
            raise ToolError(f"'{name}' must be a number.") from None

    def fields(self) -> dict[str, Any]:
        """Return the argument ``fields``; empty when it is missing.

        Raises:
            ToolError: It is no map.
        """
        value = self.arguments.get("fields") or {}
        if not isinstance(value, dict):
            raise ToolError("'fields' must be a map of names to values.")
        return dict(value)

    async def object(self, name: str = "objectId") -> ParaObject:
        """Return the object that an argument names.

        Raises:
            ToolError: It is missing, or nothing is there for this caller.
        """
        key = self.text(name)
        if not key:
            raise ToolError("Object ID is required.")
        record = await self.acting.read(key)
        if record is None:
            raise ToolError(f"Object not found with ID: {key}")
        return decode(record)

    def seen(self, record: Record) -> dict[str, Any]:
        """Return what the caller may see of an object."""
        return self.acting.seen(decode(record))
