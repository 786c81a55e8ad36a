"""The DAO on Oracle passes the suite on what stands in for driver and server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.testing.dao import DAOSuite
from para_dao_sql.address import OracleAddress
from para_dao_sql.oracle import OracleDAO

from ..stand_in.engine import Engine  # noqa: TID252 - tests have no absolute names
from ..stand_in.grammar import ORACLE  # noqa: TID252
from ..stand_in.oracle import stand_in_for_oracle  # noqa: TID252
from ..stand_in.walk import listed, said_by  # noqa: TID252


class TestOracleDAO(DAOSuite):
    @pytest.fixture
    async def dao(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[OracleDAO]:
        engine = Engine(ORACLE, tmp_path / "stand-in.db")
        stand_in_for_oracle(monkeypatch, engine)
        async with OracleDAO(OracleAddress("h/db", "user", "secret"), timeout_ms=60_000) as dao:
            yield dao
        assert set(said_by(engine)) <= set(listed("oracle"))
