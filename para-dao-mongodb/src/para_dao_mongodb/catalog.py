"""Which app lives in which collection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from para_core.tables import table_name
from para_dao_mongodb.store import SHARED, Collection, Document, Store

__all__ = ["App", "Catalog", "app_of", "last_change_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class App:
    """One app in the catalog."""

    number: int
    appid: str
    shared: bool

    @property
    def collection(self) -> str:
        """The collection with its records."""
        return SHARED if self.shared else table_name(self.number, self.appid)

    @property
    def prefix(self) -> str:
        """What stands before the ids of its records there."""
        return f"{self.number}:" if self.shared else ""

    def after(self, key: str) -> Document:
        """Return the condition for the records behind an id, in the order of ids."""
        if not self.shared:
            return {"$gt": key}
        return {"$gt": f"{self.prefix}{key}", "$lt": f"{self.number};"}  # ";" comes after ":"


class Catalog:
    """Remembers apps. Other servers may remove them, which a read finds out and looks again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, App] = {}

    async def ask(self, appid: str, question: Callable[[App], Awaitable[T]], nothing: T) -> T:
        """Return what a question about an app gives, or ``nothing`` without the app.

        A collection that was removed looks empty, so nobody takes an empty answer for the truth
        before the app was looked up again.
        """
        app = self._known.get(appid) or await self.look_up(appid)
        while app is not None:
            answer = await question(app)
            if answer:
                return answer
            seen, app = app, await self.look_up(appid)
            if app == seen:
                return answer
        return nothing

    def objects(self, app: App) -> Collection:
        """Return the collection with the records of an app."""
        return self._store.objects(app.collection)

    def forget(self, appid: str) -> None:
        """Forget an app that was removed."""
        self._known.pop(appid, None)

    async def look_up(self, appid: str) -> App | None:
        """Return an app as it is at the moment."""
        found = await self._store.apps.find_one({"_id": appid, "gone": False})
        if found is None:
            self.forget(appid)
            return None
        app = self._known[appid] = app_of(found)
        return app


def app_of(document: Mapping[str, Any]) -> App:
    """Return the app of its document."""
    return App(int(document["app"]), document["_id"], document["shared"])


def last_change_of(document: Mapping[str, Any]) -> int:
    """Return the number of the last change of an app; 0 when it never had one."""
    counter = int(document["counter"])
    return counter if counter > document["floor"] else 0
