"""What a batch comes to, written down before it is carried out, so that it is never left by halves.

Carrying it out again does no harm: a record that was written by a later change stays, and entries
of the feed that are there already are passed over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, TypeAlias

import bson
import msgspec
from bson.raw_bson import RawBSONDocument
from pymongo import DeleteMany, ReplaceOne
from pymongo.errors import BulkWriteError

from para_core.contracts.dao import Write
from para_core.errors import BackendError, UnavailableError
from para_core.plan import Plan
from para_dao_mongodb.catalog import App
from para_dao_mongodb.documents import document_of
from para_dao_mongodb.store import Store
from para_dao_mongodb.writes import change_documents, portions

__all__ = ["Intent", "begin", "end", "fault_of", "has_done_nothing", "intent_of", "told_by"]

Step: TypeAlias = ReplaceOne[Any] | DeleteMany

_LARGEST = 16 * 1024 * 1024 - 1024  # bytes of a document, with some to spare for what is around it
_SURELY_FITS = 1_000_000  # bytes of JSON, which BSON makes no more than eight times as long
_HIGHEST = 2**62  # a change that takes as much room as any
_EXISTS = 11000  # DuplicateKey


class Intent(msgspec.Struct, frozen=True):
    """Records to store and to delete, and the entries of the feed, as MongoDB will have them."""

    appid: str
    app: int
    shared: bool
    number: int  # of the last change
    puts: list[tuple[str, int, bytes]]  # key in the collection, change, document
    deletes: list[str]
    told: list[bytes]


def intent_of(app: App, plan: Plan) -> Intent:
    """Return what a plan comes to."""
    puts: list[tuple[str, int, bytes]] = []
    for record, change in plan.puts():
        key = app.prefix + record.id
        puts.append((key, change, bson.encode(document_of(record, change, key))))
    return Intent(
        app.appid,
        app.number,
        app.shared,
        plan.number,
        puts,
        [app.prefix + key for key in plan.deletes()],
        [bson.encode(document) for document in change_documents(app, plan.told)],
    )


def told_by(intent: Intent) -> list[tuple[int, list[str]]]:
    """Return the number and the ids of each change of a batch."""
    changes = [bson.decode(document) for document in intent.told]
    return [(int(change["number"]), list(change["keys"])) for change in changes]


def fault_of(write: Write) -> BackendError | None:
    """Return why no server takes a write: nobody must begin what cannot be finished."""
    for put in write.puts:
        record = put.record
        if len(record.data) > _SURELY_FITS:
            size = len(bson.encode(document_of(record, _HIGHEST, record.id)))
            if size > _LARGEST:
                return BackendError(f"{record.id!r} is too large for MongoDB: {size} bytes as BSON")
    keys = write.keys()
    is_long = sum(map(len, keys)) + len(keys) > _SURELY_FITS
    if is_long and len(bson.encode({"keys": keys, "note": write.note})) > _LARGEST:
        return BackendError(f"a write of {len(keys)} ids is too large for MongoDB")
    return None


async def begin(store: Store, intent: Intent) -> None:
    """Carry out the first command of a batch."""
    await _write(store, intent, _groups(intent)[0])


async def end(store: Store, intent: Intent, *, owner: str | None) -> None:
    """Carry out the rest of a batch that was begun: its other records, its feed, its counter.

    Raises:
        UnavailableError: Another process has the database.
    """
    for steps in _groups(intent)[1:]:
        await _write(store, intent, steps)
    await _tell(store, intent)
    await _show(store, intent, owner)


async def has_done_nothing(store: Store, intent: Intent) -> bool:
    """Tell whether ``begin``, which the server refused, has certainly changed nothing.

    An error for the whole command says nothing of what had been done before, so this looks. What
    was deleted leaves no trace.
    """
    if not intent.puts:
        return False
    objects = store.objects(App(intent.app, intent.appid, intent.shared).collection)
    lowest = min(change for _, change, _ in intent.puts)
    for keys in portions([key for key, _, _ in intent.puts]):
        if await objects.find_one({"_id": {"$in": keys}, "_change": {"$gte": lowest}}) is not None:
            return False
    return True


def _groups(intent: Intent) -> list[list[Step]]:
    """Return what leaves records alone that later changes have written, in one or two commands.

    A server that hangs may carry out what it had taken long after it was asked again.
    """
    puts: list[Step] = [
        ReplaceOne({"_id": key, "_change": {"$lte": change}}, RawBSONDocument(one), upsert=True)
        for key, change, one in intent.puts
    ]
    deletes: list[Step] = [
        DeleteMany({"_id": {"$in": keys}, "_change": {"$lte": intent.number}})
        for keys in portions(intent.deletes)
    ]
    return [steps for steps in (puts, deletes) if steps]


async def _write(store: Store, intent: Intent, steps: Sequence[Step]) -> None:
    objects = store.objects(App(intent.app, intent.appid, intent.shared).collection)
    await _pass_over_existing(objects.bulk_write(steps, ordered=False))


async def _tell(store: Store, intent: Intent) -> None:
    told = [RawBSONDocument(document) for document in intent.told]
    await _pass_over_existing(store.changes.insert_many(told, ordered=False))


async def _show(store: Store, intent: Intent, owner: str | None) -> None:
    """Let readers of the feed see it."""
    seen = await store.apps.update_one(
        {"_id": intent.appid, "app": intent.app, "gone": False, "owner": owner},
        {"$max": {"counter": intent.number}},
    )
    if not seen.matched_count:
        raise UnavailableError("another process has the database; this one writes no more")


async def _pass_over_existing(writing: Awaitable[object]) -> None:
    try:
        await writing
    except BulkWriteError as error:
        faults = [*error.details["writeErrors"], *error.details["writeConcernErrors"]]
        if any(fault.get("code") != _EXISTS for fault in faults):
            raise
