"""A server without transactions passes the suite of the DAO contract too, through the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pymongo import monitoring

from para_core.testing.dao import DAOSuite
from para_dao_mongodb.dao import MongoDBDAO

from ..databases import PATIENT_MS, a_database  # noqa: TID252 - tests have no absolute names
from ..secantusd import Secantusd  # noqa: TID252

pytestmark = [pytest.mark.service("secantusd"), pytest.mark.long]

OF_TRANSACTIONS = ("txnNumber", "autocommit", "startTransaction")


class Watcher(monitoring.CommandListener):
    """Hears every command. SecantusDB would take transactions even where MongoDB does not."""

    def __init__(self) -> None:
        self.bad: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        level = event.command.get("readConcern", {}).get("level", "local")
        is_bad = any(word in event.command for word in OF_TRANSACTIONS) or level != "local"
        if is_bad or event.command_name in ("commitTransaction", "abortTransaction"):
            self.bad.append(str(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


@pytest.fixture
async def dao(standalone: Secantusd, tmp_path: Path) -> AsyncIterator[MongoDBDAO]:
    watcher = Watcher()
    async with a_database(standalone.uri) as address:
        watched = replace(address, options={"event_listeners": [watcher]})
        async with MongoDBDAO(watched, timeout_ms=PATIENT_MS, journal_dir=tmp_path) as dao:
            yield dao
    assert watcher.bad == []


class TestJournalledDAO(DAOSuite):
    pass
