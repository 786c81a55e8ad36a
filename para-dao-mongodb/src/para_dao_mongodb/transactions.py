"""Runs steps in one transaction, again when another one was in its way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from para_dao_mongodb.abandoned import Abandoned
from para_dao_mongodb.errors import is_definite, is_transient, is_unknown
from para_dao_mongodb.store import Store

__all__ = ["in_transaction"]

T = TypeVar("T")

_LONGEST_PAUSE_SEC = 0.1


async def in_transaction(
    store: Store,
    steps: Callable[[AsyncClientSession], Awaitable[tuple[T, bool]]],
    abandoned: Abandoned,
) -> T:
    """Run steps until they and their commit succeed; the caller bounds how long that may take.

    Args:
        store: Where.
        steps: Return what the caller gets, and whether to commit.
        abandoned: Gets the session if the server may still have the transaction open.
    """
    session = store.client.start_session()
    try:
        outcome = await _repeated(store, session, steps)
    except BaseException as error:
        if is_definite(error):
            await session.end_session()
        else:
            abandoned.add(session)
        raise
    await session.end_session()
    return outcome


async def _repeated(
    store: Store,
    session: AsyncClientSession,
    steps: Callable[[AsyncClientSession], Awaitable[tuple[T, bool]]],
) -> T:
    pause_sec = 0.001
    while True:
        try:
            return await _once(store, session, steps)
        except PyMongoError as error:
            if not is_transient(error) or error.timeout:
                raise
        await asyncio.sleep(pause_sec * (0.5 + random.random()))  # noqa: S311 - spreads them
        pause_sec = min(2 * pause_sec, _LONGEST_PAUSE_SEC)


async def _once(
    store: Store,
    session: AsyncClientSession,
    steps: Callable[[AsyncClientSession], Awaitable[tuple[T, bool]]],
) -> T:
    await session.start_transaction(ReadConcern("snapshot"), store.durable)
    try:
        outcome, is_wanted = await steps(session)
    except BaseException:
        await session.abort_transaction()
        raise
    if is_wanted:
        await _commit(session)
    else:
        await session.abort_transaction()
    return outcome


async def _commit(session: AsyncClientSession) -> None:
    while True:
        try:
            return await session.commit_transaction()
        except PyMongoError as error:
            if not is_unknown(error) or error.timeout:
                raise
        await asyncio.sleep(_LONGEST_PAUSE_SEC)
