"""The task that looks whether the lock is still there survives whatever happens to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from para_core.testing.cancelling import until
from para_dao_sql.servers import hold
from para_dao_sql.servers.hold import Hold


class Line:
    """A connection that can be broken, in ways that a driver has and in others."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.is_over = False
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetchval(self, *_: object) -> int:
        self.asked += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return 1

    def is_closed(self) -> bool:
        return self.is_over

    def terminate(self) -> None:
        self.is_over = True

    async def close(self) -> None:
        await self.gate.wait()
        self.is_over = True


class Product:
    """A dialect whose every lock can be had."""

    failures = (OSError,)
    nothing = "SELECT 1"
    place = "a database"

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.errors: list[Exception] = []
        self.hangs = False
        self.joins = asyncio.Event()
        self.joins.set()

    async def connect(self) -> Line:
        if self.errors:
            raise self.errors.pop()
        if self.hangs:
            self.hangs = False
            await asyncio.Event().wait()
        self.lines.append(Line())
        return self.lines[-1]

    async def try_share(self, _: Line) -> bool:
        await self.joins.wait()
        return True

    async def try_join(self, _: Line) -> bool:
        return True


@pytest.fixture
def product() -> Product:
    return Product()


async def begun(product: Product, monkeypatch: pytest.MonkeyPatch) -> Hold:
    monkeypatch.setattr(hold, "_LOOK_SEC", 0.01)
    dialect: Any = product
    kept = Hold(dialect, is_alone=False)

    async def check(_: object) -> None:
        """Find the tables as they should be."""

    await kept.begin(check, lambda: None)
    return kept


@pytest.mark.parametrize("error", [OSError("away"), ValueError("unforeseen")])
async def test_a_lock_is_taken_again_after_any_error(
    product: Product, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    kept = await begun(product, monkeypatch)
    product.errors = [error]
    product.lines[0].error = OSError("the line is cut")
    await until(lambda: len(product.lines) == 2)
    await kept.end()
    assert all(line.is_over for line in product.lines)


async def test_a_server_that_answers_slowly_keeps_its_lock(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await begun(product, monkeypatch)
    product.lines[0].gate.clear()
    await asyncio.sleep(0.05)  # longer than from one look to the next
    product.lines[0].gate.set()
    asked = product.lines[0].asked
    await until(lambda: product.lines[0].asked > asked)
    assert len(product.lines) == 1
    await kept.end()


async def test_a_connection_that_never_comes_holds_up_nobody_for_ever(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "_RENEWAL_SEC", 0.05)
    kept = await begun(product, monkeypatch)
    product.hangs = True
    product.lines[0].error = OSError("the line is cut")
    await until(lambda: len(product.lines) == 2)
    assert not product.lines[1].is_over, "it is the one that keeps the lock now"
    await kept.end()
    assert all(line.is_over for line in product.lines)


async def test_whoever_is_cancelled_at_the_end_leaves_no_connection_open(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await begun(product, monkeypatch)
    product.lines[0].gate.clear()  # it does not answer the good-bye
    ending = asyncio.create_task(kept.end())
    await asyncio.sleep(0.05)
    assert not ending.done()
    ending.cancel()
    await asyncio.wait([ending])
    assert ending.cancelled()
    assert product.lines[0].is_over


@pytest.mark.parametrize("way", ["drop", "end"])
async def test_a_lock_that_is_taken_again_when_the_end_comes_is_given_back(
    product: Product, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    kept = await begun(product, monkeypatch)
    product.lines[0].is_over = True
    product.joins.clear()
    new: Any = Line()
    joining = asyncio.create_task(kept.join(new))
    await until(lambda: len(product.lines) == 2)
    if way == "drop":
        kept.drop()
    else:
        await kept.end()
    product.joins.set()
    await joining
    assert all(line.is_over for line in product.lines)
