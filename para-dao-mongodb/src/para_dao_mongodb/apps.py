"""Apps come and go: their entries in the catalog, their collections, and what is left of them.

Each step changes one document, so no transaction is needed. The entry of a removed app stays: a
later app of that name goes on with its numbers, and sees whether something is to be cleared.
"""

from __future__ import annotations

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure

from para_core.errors import UnavailableError
from para_dao_mongodb.catalog import App, app_of
from para_dao_mongodb.store import Document, Store

__all__ = ["clear_leftovers", "make_app", "remove_app"]

_EXISTS = 48  # NamespaceExists


async def make_app(store: Store, appid: str, *, shared: bool, owner: str | None) -> None:
    """Give an app its number, unless it has one; and a collection, if it wants its own.

    Raises:
        UnavailableError: Another process has the database alone.
    """
    while (found := await store.apps.find_one({"_id": appid})) is None or found["gone"]:
        if found is not None and found["uncleared"]:
            await _clear(store, app_of(found))
        elif await _enter(store, appid, found, shared=shared, owner=owner):
            break
    else:
        _check_owner(found, owner)


async def remove_app(store: Store, appid: str, *, owner: str | None) -> None:
    """Remove an app, if it is there: first from what everybody sees, then its records."""
    found = await store.apps.find_one_and_update(
        {"_id": appid, "gone": False, "owner": owner}, {"$set": {"gone": True, "uncleared": True}}
    )
    if found is None:
        found = await store.apps.find_one({"_id": appid})
        if found is not None and not found["gone"]:
            _check_owner(found, owner)
    if found is not None:
        await _clear(store, app_of(found))


async def clear_leftovers(store: Store) -> None:
    """Clear what was not cleared when apps were removed."""
    for found in await store.apps.find({"uncleared": True}).to_list():
        await _clear(store, app_of(found))


async def _enter(
    store: Store, appid: str, found: Document | None, *, shared: bool, owner: str | None
) -> bool:
    """Make the entry of an app; return False if somebody else was quicker."""
    counted = await store.format.find_one_and_update(
        {"_id": "format", "owner": owner},
        {"$inc": {"apps": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if counted is None:
        raise UnavailableError("another process has the database alone; try again later")
    app = App(int(counted["apps"]), appid, shared)
    counter = 0 if found is None else int(found["counter"])
    entry: Document = {"app": app.number, "shared": shared, "counter": counter, "floor": counter}
    entry |= {"gone": False, "uncleared": False, "owner": owner}
    if found is None:
        try:
            await store.apps.insert_one({"_id": appid, **entry})
        except DuplicateKeyError:
            return False
    else:
        same = {"_id": appid, "gone": True, "app": found["app"], "uncleared": False}
        if not (await store.apps.update_one(same, {"$set": entry})).matched_count:
            return False
    if not shared:
        await _make_collection(store, app.collection)
    return True


async def _make_collection(store: Store, name: str) -> None:
    try:
        await store.create(name)
    except OperationFailure as error:
        if error.code != _EXISTS:  # the first write may have made it
            raise


async def _clear(store: Store, app: App) -> None:
    """Remove records and changes of an app that is gone; harmless when somebody else does too."""
    if app.shared:
        await store.objects(app.collection).delete_many({"_id": app.after("")})
    else:
        await store.drop(app.collection)
    await store.changes.delete_many({"app": app.number})
    await store.apps.update_one(
        {"_id": app.appid, "gone": True, "app": app.number}, {"$set": {"uncleared": False}}
    )


def _check_owner(found: Document, owner: str | None) -> None:
    if found["owner"] != owner:
        raise UnavailableError(
            "the database is in use by a command that replaces what is in it; try again later"
        )
