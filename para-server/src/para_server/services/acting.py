"""What one caller does to the objects of one app through a door that is no HTTP.

Each call asks ``authorize`` what the request that does the same would be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from para_core.objects.codec import decode, wire
from para_core.query import builders
from para_core.query.parser import parse_leniently
from para_core.query.strict import check
from para_core.query.tree import Bool, Node
from para_core.text import path_encode
from para_core.types import plural_of
from para_server.access.demand import demand
from para_server.access.ownership import may_touch, shown
from para_server.services.finder import Found
from para_server.services.owning import seen_by

if TYPE_CHECKING:
    from para_core.contracts.dao import Record
    from para_core.objects import App, ParaObject
    from para_core.pager import Pager
    from para_server.access.principal import Principal
    from para_server.services.container import Services

__all__ = ["Acting"]


class Acting:
    """A caller of an app, as both are now; make one for each call."""

    def __init__(self, services: Services, app: App | None, caller: Principal) -> None:
        """Take what holds; an app that is not there makes every call fail."""
        self._services, self._app, self.caller = services, app, caller

    def demand(self, method: str, *resources: str) -> App:
        """Return the app when one of these requests would be let through; see ``demand``.

        Raises:
            NotAllowedError: All would be refused.
        """
        demand(self.caller, self._app, method, *resources)
        assert self._app is not None  # noqa: S101 - without an app everything is refused
        return self._app

    def seen(self, obj: ParaObject) -> dict[str, Any]:
        """Return the fields of an object that the caller may see, as JSON has them."""
        assert self._app is not None  # noqa: S101 - the object is of the app
        return shown(self.caller, self._app, wire(obj))

    async def create(self, kind: str, body: Mapping[str, Any]) -> Record:
        """Make an object; errors as of ``Objects.create``."""
        app = self.demand("POST", *_paths(kind))
        return await self._services.objects.create(app, self.caller, kind, body)

    async def create_all(self, bodies: Sequence[Mapping[str, Any]]) -> list[Record]:
        """Make many objects in one transaction; those that break rules are left out."""
        app = self.demand("POST", "_batch")
        return await self._services.objects.create_all(app, self.caller, bodies)

    async def read(self, key: str) -> Record | None:
        """Return the object with this id; ``None`` when there is none for this caller."""
        app = self.demand("GET", f"_id/{path_encode(key)}")
        return await self._services.objects.read(app, self.caller, key)

    async def read_all(self, keys: Sequence[str]) -> list[Record]:
        """Return the objects with these ids, in this order; absent ones are left out."""
        app = self.demand("GET", "_batch")
        return await self._services.objects.read_all(app, self.caller, keys)

    async def update(self, kind: str, key: str, body: Mapping[str, Any]) -> Record | None:
        """Merge a body into an object; errors as of ``Objects.patch``."""
        app = self.demand("PATCH", *_paths(kind, key))
        return await self._services.objects.patch(app, self.caller, key, body, kind=kind)

    async def delete(self, kind: str, key: str) -> None:
        """Delete an object; errors as of ``Objects.delete``."""
        app = self.demand("DELETE", *_paths(kind, key))
        await self._services.objects.delete(app, self.caller, key, kind=kind)

    async def delete_all(self, keys: Sequence[str]) -> None:
        """Delete objects in one transaction; what may not be deleted is left alone."""
        app = self.demand("DELETE", "_batch")
        await self._services.objects.delete_all(app, self.caller, keys)

    async def find(self, query: str, *, kind: str | None, pager: Pager | None) -> Found:
        """Return one page of the objects that match and that the caller may see.

        Raises:
            QueryError: The query breaks the grammar.
            NotAllowedError: The caller may not search.
        """
        app = self.demand("GET", *(_paths(kind) if kind else ["search"]))
        node, allowed = _node(query), seen_by(app, self.caller, kind)
        wanted = node if allowed is None else Bool(must=[node, allowed])
        found = await self._services.finder.find(app, wanted, kind=kind, pager=pager)
        records = [r for r in found.records if may_touch(self.caller, app, decode(r))]
        return Found(records, found.total, found.last_key)


def _paths(kind: str, key: str = "") -> list[str]:
    """Return the paths of an object or a type: by its plural, which clients take, and by itself."""
    tail = f"/{path_encode(key)}" if key else ""
    return [path_encode(name) + tail for name in (plural_of(kind), kind)]


def _node(query: str) -> Node:
    if query.strip() in ("", "*"):
        return builders.all_query()
    check(query)
    return parse_leniently(query)
