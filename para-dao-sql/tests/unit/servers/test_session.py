"""Who looks whether a connection lives tells when it does not, whatever shows that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from para_core.testing.cancelling import until
from para_dao_sql.servers import session as sessions
from para_dao_sql.servers.session import Rows, Session

from .lines import Endable


class Line(Endable, Session):
    """A connection that answers as a test says; who gives up waiting ends it, as drivers do."""

    def __init__(self, answer: Callable[[], Awaitable[None]]) -> None:
        self._answer = answer
        self.pings = 0

    async def fetch(self, query: str, *values: object) -> Rows:
        return [[query, *values]]

    async def execute(self, query: str, *values: object) -> int:
        return len((query, *values))

    async def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        """Store nothing."""

    async def begin(self) -> None:
        """Begin nothing."""

    async def commit(self) -> None:
        """Commit nothing."""

    async def rollback(self) -> None:
        """Undo nothing."""

    async def ping(self) -> None:
        self.pings += 1
        try:
            await self._answer()
        except asyncio.CancelledError:
            self.terminate()
            raise

    async def _say_good_bye(self) -> None:
        self.is_over = True

    def _let_go(self) -> None:
        self.is_over = True


async def is_there() -> None:
    """Answer."""


async def is_cut() -> None:
    raise OSError("the line is cut")


async def is_odd() -> None:
    raise ValueError("unforeseen")


async def is_silent() -> None:
    await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_WATCH_SEC", 0.01)


@pytest.mark.parametrize("answer", [is_cut, is_odd, is_silent])
async def test_a_connection_that_is_lost_is_told_of(
    answer: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_PING_SEC", 0.05)
    line, lost = Line(answer), asyncio.Event()
    line.watch((OSError,), lost.set)
    await asyncio.wait_for(lost.wait(), 30)
    line.terminate()
    assert line.pings == 1, "the first failure says enough"


async def test_nothing_is_told_of_one_that_lives_and_is_ended() -> None:
    lost = asyncio.Event()
    closed, let_go = Line(is_there), Line(is_there)
    for line in (closed, let_go):
        line.watch((OSError,), lost.set)
    await until(lambda: min(closed.pings, let_go.pings) >= 2)
    await closed.close()
    let_go.terminate()
    assert all(line.is_over for line in (closed, let_go))
    assert not lost.is_set()
