"""What nobody uses any more is ended by the server, or the log says that it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession

from para_dao_mongodb.abandoned import Abandoned
from para_dao_mongodb.address import Address
from para_dao_mongodb.store import Store, connect, look_at

from ..databases import PATIENT_MS, a_database  # noqa: TID252 - tests have no absolute names
from ..failing import TIMED_OUT, fail, fail_no_more  # noqa: TID252
from ..secantusd import Secantusd  # noqa: TID252

pytestmark = pytest.mark.service("secantusd")

UNAUTHORIZED = 13


@pytest.fixture
async def address(standalone: Secantusd) -> AsyncIterator[Address]:
    async with a_database(standalone.uri) as address:
        yield address
        await fail_no_more(address)


@pytest.fixture
async def store(address: Address) -> AsyncIterator[Store]:
    async with connect(address, timeout_ms=PATIENT_MS, pool_size=2) as client:
        yield await look_at(client, address.database)


def given_up(store: Store) -> tuple[Abandoned, AsyncClientSession]:
    abandoned, session = Abandoned(store, timeout_ms=PATIENT_MS), store.client.start_session()
    abandoned.add(session)
    return abandoned, session


async def ended(abandoned: Abandoned) -> None:
    async with asyncio.timeout(PATIENT_MS / 1000):
        while abandoned._tasks:
            await abandoned.close()


async def test_a_server_that_cannot_at_the_moment_is_asked_again(
    store: Store, address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    await fail(address, "killSessions", TIMED_OUT, times=2)
    abandoned, session = given_up(store)
    await ended(abandoned)
    assert session.has_ended
    assert caplog.messages == []


async def test_a_server_that_refuses_is_asked_once(
    store: Store, address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    await fail(address, "killSessions", UNAUTHORIZED, times=2)
    abandoned, _ = given_up(store)
    await ended(abandoned)
    (said,) = caplog.messages
    assert said.startswith("what a failed write has locked stays so for a minute: ")


@pytest.mark.parametrize("steps", range(6))
async def test_nothing_goes_on_when_all_is_dropped(
    store: Store, address: Address, steps: int
) -> None:
    """At the first steps PyMongo 4.20 does not let its caller hear that it was cancelled."""
    await fail(address, "killSessions", TIMED_OUT, times=10**6)
    abandoned, _ = given_up(store)
    asking = list(abandoned._tasks)
    for _ in range(steps):
        await asyncio.sleep(0)
    abandoned.drop()
    await ended(abandoned)
    assert [task.done() for task in asking] == [True]
    assert not abandoned._tasks
