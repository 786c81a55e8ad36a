"""Workers tell each other what they measure, and whoever is asked tells it of all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from para_server.workers import metrics
from para_server.workers.metrics import WorkerMetrics, joined

HEALTHY = b"# HELP para_healthy x\n# TYPE para_healthy gauge\npara_healthy %d\n"
ANSWERS = (
    b"# HELP para_http_answers_total x\n# TYPE para_http_answers_total counter\n"
    b'para_http_answers_total{code="200"} %d\n'
)


def telling(text: bytes) -> Callable[[], Awaitable[bytes]]:
    async def tell() -> bytes:
        return text

    return tell


def lines(text: bytes) -> list[str]:
    return [line for line in text.decode().splitlines() if not line.startswith("#")]


def test_values_are_put_together_by_family_with_the_number_of_their_worker() -> None:
    told = {0: HEALTHY % 1 + ANSWERS % 7, 1: HEALTHY % 0 + ANSWERS % 3}
    text = joined(told).decode()
    assert lines(text.encode()) == [
        'para_healthy{worker="0"} 1',
        'para_healthy{worker="1"} 0',
        'para_http_answers_total{worker="0",code="200"} 7',
        'para_http_answers_total{worker="1",code="200"} 3',
    ]
    assert text.count("# TYPE para_healthy gauge") == text.count("# HELP para_healthy ") == 1


def left_in(folder: Path) -> list[Path]:
    return list(folder.glob("metrics-*"))


async def test_whoever_is_asked_tells_of_all(folder: Path) -> None:
    workers = [WorkerMetrics(folder, n, 3, telling(HEALTHY % n)) for n in range(3)]
    async with workers[0], workers[1], workers[2]:
        told = [lines(await worker.of_all()) for worker in workers]
    assert told[0] == [f'para_healthy{{worker="{n}"}} {n}' for n in range(3)]
    assert told[0] == told[1] == told[2]
    assert left_in(folder) == []


async def test_a_worker_that_was_killed_is_left_out_and_replaced(folder: Path) -> None:
    one, other = (WorkerMetrics(folder, n, 2, telling(HEALTHY % n)) for n in range(2))
    (folder / "metrics-1").touch()  # what it left
    async with one:
        assert lines(await one.of_all()) == ['para_healthy{worker="0"} 0']
        async with other:
            assert len(lines(await one.of_all())) == 2


async def test_one_that_hangs_holds_up_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "_PATIENCE_SEC", 0.05)
    is_asked, is_over = asyncio.Event(), asyncio.Event()

    async def hang() -> bytes:
        is_asked.set()
        await is_over.wait()
        return b""

    async with (
        WorkerMetrics(folder, 0, 2, telling(HEALTHY % 1)) as one,
        WorkerMetrics(folder, 1, 2, hang),
    ):
        assert lines(await one.of_all()) == ['para_healthy{worker="0"} 1']
        await is_asked.wait()


async def test_closing_ends_what_is_being_told(folder: Path) -> None:
    never = asyncio.Event()
    is_asked = asyncio.Event()

    async def hang() -> bytes:
        is_asked.set()
        await never.wait()
        return b""

    async with WorkerMetrics(folder, 1, 2, hang):
        reader, writer = await asyncio.open_unix_connection(folder / "metrics-1")
        await is_asked.wait()
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
