"""What runs in threads beside a test or a measurement."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

__all__ = ["at_work"]


@contextmanager
def at_work(jobs: Iterable[Callable[[], object]], stop: threading.Event) -> Iterator[None]:
    """Run each job in a thread of its own; at the end of the block ``stop`` tells them to end."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
