"""Small values that all servers of an installation share: objects ``Registry:<name>``.

They belong to the root app, as in the original, so that what its servers have stored is found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from para_core.objects import Sysprop
from para_core.objects.codec import decode
from para_server.services.store import Save, Store

if TYPE_CHECKING:
    from para_server.services.container import Clock

__all__ = ["Registries"]


class Registries:
    """Values by registry and key. Source: Para 1.54, ``RegistryUtils``, made atomic."""

    def __init__(self, store: Store, root: str, *, clock: Clock) -> None:
        self._store, self._root, self._clock = store, root, clock

    async def values(self, name: str) -> dict[str, Any]:
        """Return all values of a registry, as they are stored now."""
        record = await self._store.dao.read(self._root, _key(name))
        return {} if record is None else dict(cast("Sysprop", decode(record)).properties)

    async def put(self, name: str, key: str, value: object) -> None:
        """Put a value; the registry is made with its first one."""

        def change(values: dict[str, Any]) -> bool:
            is_new = values.get(key) != value
            values[key] = value
            return is_new

        await self._change(name, change)

    async def remove(self, name: str, key: str) -> None:
        """Remove a value, if there is one."""
        await self._change(name, lambda values: values.pop(key, None) is not None)

    async def _change(self, name: str, change: Callable[[dict[str, Any]], bool]) -> None:
        key, store = _key(name), self._store

        async def attempt() -> None:
            record = await store.dao.read(self._root, key)
            if record is None:
                found = Sysprop(id=key, name=name, appid=self._root, timestamp=self._clock())
            else:
                found = cast("Sysprop", decode(record))
            if not change(found.properties):
                return
            if record is None:
                await store.save(self._root, "create", [Save(found, 0)])
            else:
                found.updated = self._clock()
                await store.save(self._root, "update", [store.changed(found, record)])

        await store.turns.change(attempt, self._root, key)


def _key(name: str) -> str:
    return f"Registry:{name}"
