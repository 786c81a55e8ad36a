"""Finds the apps and users that requests name, for the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from para_core.objects import App, User
    from para_server.services.container import Services

__all__ = ["Lookup"]


class Lookup:
    """Asks the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def app(self, identifier: str) -> App | None:
        """Return an app by its identifier."""
        return await self._services.apps.find(identifier)

    async def user(self, identifier: str, userid: str) -> User | None:
        """Return a user of that app."""
        app = await self._services.apps.find(identifier)
        return await self._services.users.find(app, userid) if app is not None else None
