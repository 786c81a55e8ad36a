"""How many arenas the threads of a process have, as its C library tells."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

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
    inherited = {key: value for key, value in os.environ.items() if "MALLOC" not in key}
    run = subprocess.run(  # noqa: S603 - the program above
        [sys.executable, "-c", PROGRAM],
        env={**inherited, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return run.stdout.count("<heap nr=")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="needs the GNU C library")
def test_threads_share_their_memory_unless_the_operator_says_something() -> None:
    assert arenas() == 2
    assert arenas(MALLOC_ARENA_MAX="4") == 4
