"""What a batch comes to, written down before it is carried out, so that it is never left by halves.

Carrying it out again does no harm: a record that was written by a later change stays, and entries
of the feed that are there already are passed over.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import bson
import msgspec
from bson.raw_bson import RawBSONDocument
from pymongo import DeleteMany, ReplaceOne
from pymongo.errors import BulkWriteError, OperationFailure

from para_core.contracts.dao import Write
from para_core.errors import BackendError, UnavailableError
from para_core.plan import Plan
from para_dao_mongodb.catalog import App
from para_dao_mongodb.documents import document_of
from para_dao_mongodb.store import Store
from para_dao_mongodb.writes import change_documents, portions

__all__ = ["Intent", "fault_of", "has_done_nothing", "intent_of", "store_records", "tell"]

_LARGEST = 16 * 1024 * 1024 - 1024  # bytes of a document, with some to spare for what is around it
_SURELY_FITS = 1_000_000  # bytes of JSON, which BSON makes no more than eight times as long
_HIGHEST = 2**62  # a change that takes as much room as any
_IN_ONE_COMMAND = 100_000  # writes
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


async def store_records(store: Store, intent: Intent) -> None:
    """Store and delete the records of a batch."""
    objects = store.objects(App(intent.app, intent.appid, intent.shared).collection)
    await _pass_over_existing(objects.bulk_write(_steps(intent), ordered=False))


async def tell(store: Store, intent: Intent, *, owner: str | None) -> None:
    """Store the entries of the feed, and then make them visible.

    Raises:
        UnavailableError: Another process has the database.
    """
    told = [RawBSONDocument(document) for document in intent.told]
    await _pass_over_existing(store.changes.insert_many(told, ordered=False))
    seen = await store.apps.update_one(
        {"_id": intent.appid, "app": intent.app, "gone": False, "owner": owner},
        {"$max": {"counter": intent.number}},
    )
    if not seen.matched_count:
        raise UnavailableError("another process has the database; this one writes no more")


def has_done_nothing(error: OperationFailure, intent: Intent) -> bool:
    """Tell whether ``store_records``, which failed like this, has certainly changed nothing."""
    if isinstance(error, BulkWriteError):
        counts = ("nInserted", "nUpserted", "nModified", "nMatched", "nRemoved")
        return not any(error.details[name] for name in counts)
    is_one_command = not (intent.puts and intent.deletes) and len(intent.puts) < _IN_ONE_COMMAND
    return is_one_command and sum(len(one) for _, _, one in intent.puts) < _LARGEST


def _steps(intent: Intent) -> list[ReplaceOne[Any] | DeleteMany]:
    """Return what leaves records alone that later changes have written.

    A server that hangs may carry out what it had taken long after it was asked again.
    """
    steps: list[ReplaceOne[Any] | DeleteMany] = [
        ReplaceOne({"_id": key, "_change": {"$lte": change}}, RawBSONDocument(one), upsert=True)
        for key, change, one in intent.puts
    ]
    steps += [
        DeleteMany({"_id": {"$in": keys}, "_change": {"$lte": intent.number}})
        for keys in portions(intent.deletes)
    ]
    return steps


async def _pass_over_existing(writing: Awaitable[object]) -> None:
    try:
        await writing
    except BulkWriteError as error:
        faults = [*error.details["writeErrors"], *error.details["writeConcernErrors"]]
        if any(fault.get("code") != _EXISTS for fault in faults):
            raise
