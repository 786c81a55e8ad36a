"""The index beside the database when workers that lead are killed while all write.

A leader lets changes gather before it commits them, so each kill falls between what the database
has and what the index has; the last one is followed by no write that could hide what is missing.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from .crew import WORKERS, a_crew, connected, eventually
from .process import Caller, ServerProcess
from .test_killed import ROUNDS, WRITERS, Writer, is_index_like_database, stored_things
from .test_workers import leader_of

LONG_SEC = 120.0


@pytest.fixture
def server(folder: Path) -> Iterator[ServerProcess]:
    with a_crew(folder, {}) as server:
        yield server


def write_on(writer: Writer, port: int, stop: threading.Event) -> None:
    """Write until told to stop; when a worker is gone, look what it did and go on with another."""
    while not stop.is_set():
        writer.run(port, stop)
        end = time.monotonic() + LONG_SEC
        while writer.asked:
            assert time.monotonic() < end
            try:
                with closing(Caller(port)) as caller:
                    writer.settle(stored_things(caller, writer.own_keys))
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)


def test_the_index_is_like_the_database_whichever_leader_is_killed(
    running: ServerProcess,
) -> None:
    eventually(lambda: running.log.count("a worker is ready") >= WORKERS, LONG_SEC)
    writers = [Writer(number, random.Random(number)) for number in range(WRITERS)]  # noqa: S311
    killed: list[int] = []

    def kill_leader() -> None:
        killed.append(leader_of(running))
        os.kill(killed[-1], signal.SIGKILL)

    def written() -> int:
        return sum(writer.acknowledged for writer in writers)

    for _ in range(ROUNDS):
        stop = threading.Event()
        with ThreadPoolExecutor(WRITERS) as pool:
            jobs = [pool.submit(write_on, writer, running.port, stop) for writer in writers]
            try:
                for is_last in (False, True):
                    before = written()
                    eventually(lambda: written() > before + 40, LONG_SEC)  # noqa: B023
                    if not is_last:
                        kill_leader()
                        eventually(lambda: leader_of(running) != killed[-1], LONG_SEC)
            finally:
                stop.set()
            for job in jobs:
                job.result()
        kill_leader()
        with ExitStack() as stack:
            callers = connected(running, stack)
            stored = stored_things(callers[0], [key for w in writers for key in w.own_keys])
            for writer in writers:
                writer.settle(stored)
            assert all(is_index_like_database(caller, stored) for caller in callers)
        eventually(lambda: leader_of(running) != killed[-1], LONG_SEC)
    assert len(set(killed)) == 2 * ROUNDS
    assert "Traceback" not in running.log
