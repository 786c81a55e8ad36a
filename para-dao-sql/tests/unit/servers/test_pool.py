"""What a pool lends, and what it does not lend any more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from para_core.testing.cancelling import until
from para_dao_sql.servers.pool import Pool

from .lines import Endable


class Line(Endable):
    """A connection that a test counts."""

    def terminate(self) -> None:
        self.is_over = True

    async def close(self) -> None:
        self.is_over = True


async def test_nothing_is_lent_that_is_made_when_all_of_them_end() -> None:
    lines: list[Line] = []
    may_come = asyncio.Event()

    async def connect() -> Any:  # noqa: ANN401 - what of a connection the pool asks for
        lines.append(Line())
        await may_come.wait()
        return lines[-1]

    async def use() -> None:
        async with pool.acquire():
            pytest.fail("the database may be that of another process now")

    pool = Pool[Any](connect, 2, None)
    using = asyncio.create_task(use())
    await until(lambda: len(lines) == 1)
    pool.terminate()
    may_come.set()
    with pytest.raises(ConnectionError, match="closed"):
        await using
    assert lines[0].is_over
