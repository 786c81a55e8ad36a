"""What PostgreSQL is asked beside the writes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from para_dao_sql.address import PostgresAddress
from para_dao_sql.postgresql.dialect import PostgresDialect


class Silent:
    """A connection of a server that answers nothing."""

    is_over = False

    async def fetch(self, *_: object) -> list[object]:
        await asyncio.Event().wait()
        return []

    def terminate(self) -> None:
        self.is_over = True


async def test_a_server_that_says_nothing_of_who_was_stopped_is_not_asked_for_ever(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    dialect = PostgresDialect(PostgresAddress("postgresql://h/db", "", ""), timeout_ms=50)

    silent = Silent()

    async def connect() -> Any:  # noqa: ANN401 - what of a connection is used
        return silent

    monkeypatch.setattr(dialect, "connect", connect)
    await asyncio.wait_for(dialect._end_stopped(1), 30)
    assert silent.is_over
    assert "who holds it up cannot be ended: postgresql://h/db" in caplog.text
