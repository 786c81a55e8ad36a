"""What the C library keeps of the memory that was freed."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from para_server.memory import give_back, given_back

PROGRAM = """
import ctypes, threading
from para_server.memory import keep_together

keep_together()
library, all_there = ctypes.CDLL(None), threading.Barrier(9)

def take() -> None:
    blocks = [b"x" * 2000 for _ in range(100)]
    all_there.wait()

threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
all_there.wait()
for thread in threads:
    thread.join()
library.fdopen.restype = ctypes.c_void_p
library.malloc_info(0, ctypes.c_void_p(library.fdopen(1, b"w")))
library.fflush(None)
"""


def arenas(**environment: str) -> int:
    """Return how many arenas eight threads have made that take memory at the same time."""
    told = ("MALLOC", "GLIBC")  # by whoever runs the tests
    inherited = {
        key: value for key, value in os.environ.items() if not any(word in key for word in told)
    }
    run = subprocess.run(  # noqa: S603 - the program above
        [sys.executable, "-c", PROGRAM],
        env={**inherited, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return run.stdout.count("<heap nr=")


needs_glibc = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_info"), reason="needs the GNU C library"
)


@needs_glibc
def test_threads_share_their_memory_unless_the_operator_says_something() -> None:
    assert arenas() == 2
    assert arenas(MALLOC_ARENA_MAX="4") == 4


BLOCKS, BLOCK_BYTES = 50_000, 2_000


def resident_bytes() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (found,) = [line.split()[1] for line in lines if line.startswith("RssAnon:")]
    return int(found) * 1024


@needs_glibc
def test_what_was_freed_goes_back_to_the_system() -> None:
    blocks = [b"x" * BLOCK_BYTES for _ in range(BLOCKS)]
    del blocks[:-1]  # the last one holds what lies before it
    before = resident_bytes()
    give_back()
    assert before - resident_bytes() > BLOCKS * BLOCK_BYTES / 2


async def test_it_is_given_back_again_and_again_beside_the_loop() -> None:
    threads: list[threading.Thread] = []
    is_done, loop = asyncio.Event(), asyncio.get_running_loop()

    def step() -> None:
        threads.append(threading.current_thread())
        if len(threads) == 3:
            loop.call_soon_threadsafe(is_done.set)

    async with given_back(0, step):
        await is_done.wait()
    assert threading.current_thread() not in threads
