"""The apps of a Para inside a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.objects import App
from para_core.types import app_id, app_identifier

if TYPE_CHECKING:
    from para_server.services.container import Services

__all__ = ["Apps"]


class Apps:
    """Finds, makes and deletes apps; the program has the rights of the root app."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def find(self, name: str) -> App | None:
        """Return an app by its name or id; ``None`` when there is none."""
        return await self._services.apps.find(app_identifier(name))

    async def create(self, name: str, *, title: str = "") -> App:
        """Return the app of this name, making it when it is not there.

        Args:
            name: Its name: of a new one, letters and digits in lower case with dashes stay of it.
            title: What people call a new one; the name unless given.

        Raises:
            ValueError: Nothing of the name can be used.
        """
        key = app_id(name)
        if key is None:
            raise ValueError(f"an app cannot be named {name!r}: no letter or digit is in it")
        made = await self._services.apps.create(App(id=key, name=title or name))
        found = made or await self.find(key)
        if found is None:  # pragma: no cover - somebody deletes it at this moment
            return await self.create(name, title=title)
        return found

    async def delete(self, app: App) -> None:
        """Delete an app with everything in it; the root app stays."""
        await self._services.apps.delete(app)
