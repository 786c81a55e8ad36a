"""The implementations in memory pass the suites of their contracts."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from para_core.memory.cache import CaffeineSettings, MemoryCache
from para_core.memory.emailer import NoopEmailer
from para_core.memory.filestore import MemoryFileStore
from para_core.memory.queue import MemoryQueue, QueueSettings
from para_core.testing.cache import CacheSuite, PassTime
from para_core.testing.clock import FakeClock
from para_core.testing.emailer import EmailerSuite
from para_core.testing.filestore import FileStoreSuite
from para_core.testing.queue import QueueSuite


class RunningClock(FakeClock):
    """Goes by itself too, for what really waits."""

    def __call__(self) -> float:
        return self.now + time.monotonic()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class TestMemoryCache(CacheSuite):
    @pytest.fixture
    def pass_time(self, clock: FakeClock) -> PassTime:
        return clock.advance

    @pytest.fixture
    async def cache(self, clock: FakeClock) -> AsyncIterator[MemoryCache]:
        async with MemoryCache(CaffeineSettings(), clock=clock) as cache:
            yield cache


class TestMemoryQueue(QueueSuite):
    @pytest.fixture
    def pass_time(self, clock: RunningClock) -> PassTime:
        return clock.advance

    @pytest.fixture
    def clock(self) -> RunningClock:
        return RunningClock()

    @pytest.fixture
    async def queue(self, clock: RunningClock) -> AsyncIterator[MemoryQueue]:
        settings = QueueSettings(visibility_timeout_sec=1, max_attempts=3)
        async with MemoryQueue(settings, clock=clock) as queue:
            yield queue


class TestMemoryFileStore(FileStoreSuite):
    @pytest.fixture
    async def files(self) -> AsyncIterator[MemoryFileStore]:
        async with MemoryFileStore(max_file_bytes=self.max_bytes) as files:
            yield files


class TestNoopEmailer(EmailerSuite):
    @pytest.fixture
    async def emailer(self) -> AsyncIterator[NoopEmailer]:
        async with NoopEmailer() as emailer:
            yield emailer
