"""Stores the writes of one app that waited together, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import DeleteMany, ReplaceOne, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from para_core.contracts.dao import Change, Write
from para_core.plan import Plan, expected_keys
from para_dao_mongodb.abandoned import Abandoned
from para_dao_mongodb.apps import make_app
from para_dao_mongodb.catalog import App, app_of
from para_dao_mongodb.documents import change_of, document_of
from para_dao_mongodb.store import Document, Store
from para_dao_mongodb.transactions import in_transaction

__all__ = [
    "change_documents",
    "conflicts_without_app",
    "portions",
    "steps_for",
    "store_writes",
    "stored_changes",
]

PORTION = 256
"""Ids of one question: more make it slow on some servers, fewer cost round trips."""


async def store_writes(
    store: Store,
    appid: str,
    writes: Sequence[Write],
    *,
    owner: str | None,
    abandoned: Abandoned,
) -> list[int | Exception]:
    """Store writes one after the other; return the number of each, or its conflict.

    The entry of the app is changed first, so no other transaction of the app gets further before
    this one ends, and changes become visible in the order of their numbers.
    """

    async def steps(session: AsyncClientSession) -> tuple[list[int | Exception] | None, bool]:
        entry = await store.apps.find_one_and_update(
            {"_id": appid, "gone": False, "owner": owner},
            {"$inc": {"counter": len(writes)}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if entry is None:
            return None, False
        reserved = int(entry["counter"])
        app = app_of(entry)
        stored = await stored_changes(store, app, expected_keys(writes), session)
        plan = Plan(reserved - len(writes), stored)
        outcomes: list[int | Exception] = [plan.add(write) for write in writes]
        if plan.told:
            await _apply(store, app, plan, session)
            if plan.number != reserved:  # the last ones were in conflict
                await store.apps.update_one(
                    {"_id": appid}, {"$set": {"counter": plan.number}}, session=session
                )
        return outcomes, bool(plan.told)

    while (outcomes := await in_transaction(store, steps, abandoned)) is None:
        if (conflicts := conflicts_without_app(writes)) is not None:
            return conflicts
        await make_app(store, appid, shared=False, owner=owner)
    return outcomes


def conflicts_without_app(writes: Sequence[Write]) -> list[int | Exception] | None:
    """Return the conflicts of writes to an app that is not there, if nothing of them is stored."""
    plan = Plan(0, {})
    outcomes: list[int | Exception] = [plan.add(write) for write in writes]
    return None if plan.told else outcomes


async def stored_changes(
    store: Store, app: App, keys: Sequence[str], session: AsyncClientSession | None = None
) -> dict[str, int]:
    """Return the changes of the records with these ids."""
    found: dict[str, int] = {}
    start = len(app.prefix)
    for part in portions(keys):
        wanted = [app.prefix + key for key in part]
        cursor = store.plain(app.collection).find(
            {"_id": {"$in": wanted}}, {"_change": 1}, batch_size=PORTION + 1, session=session
        )
        found |= {one["_id"][start:]: change_of(one) for one in await cursor.to_list()}
    return found


def portions(keys: Sequence[str]) -> list[Sequence[str]]:
    """Divide ids into those of one question each."""
    return [keys[first : first + PORTION] for first in range(0, len(keys), PORTION)]


def steps_for(app: App, plan: Plan) -> list[ReplaceOne[Document] | DeleteMany]:
    """Return what stores and deletes the records of a plan."""
    steps: list[ReplaceOne[Document] | DeleteMany] = []
    for record, change in plan.puts():
        key = app.prefix + record.id
        steps.append(ReplaceOne({"_id": key}, document_of(record, change, key), upsert=True))
    gone = [app.prefix + key for key in plan.deletes()]
    steps += [DeleteMany({"_id": {"$in": part}}) for part in portions(gone)]
    return steps


def change_documents(app: App, changes: Sequence[Change]) -> list[Document]:
    """Return entries of the feed as they are stored."""
    return [
        {
            "app": app.number,
            "number": change.number,
            "event": change.event,
            "keys": change.keys,
            **({"note": change.note.decode()} if change.note else {}),
        }
        for change in changes
    ]


async def _apply(store: Store, app: App, plan: Plan, session: AsyncClientSession) -> None:
    if steps := steps_for(app, plan):
        await store.plain(app.collection).bulk_write(steps, session=session)
    await store.plain("objects_changes").insert_many(
        change_documents(app, plan.told), session=session
    )
