"""Several processes on one port, as tests start them and look at them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from .process import Caller, ServerProcess

__all__ = [
    "CONNECTIONS",
    "WORKERS",
    "a_crew",
    "connected",
    "end_of",
    "eventually",
    "pids",
    "served",
    "sockets",
    "table",
]

WORKERS = 2
CONNECTIONS = 8  # so many that each worker has some: the system shares them out by chance


@contextmanager
def a_crew(folder: Path, settings: Mapping[str, object]) -> Iterator[ServerProcess]:
    """Give a server with workers, not yet started; none of them is left at the end."""
    server = ServerProcess(folder)
    server.settings |= {"para.workers": WORKERS, **settings}
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            workers = pids(server)
            server.kill()
            for pid in workers:
                end_of(pid)


def connected(server: ServerProcess, stack: ExitStack) -> list[Caller]:
    """Return connections of which each worker has some."""
    eventually(lambda: len(pids(server)) == WORKERS)
    eventually(lambda: server.log.count("a worker is ready") >= WORKERS)
    callers: list[Caller] = []
    while len(callers) < CONNECTIONS or len(served(server)) < WORKERS:
        assert len(callers) < 50
        caller = stack.enter_context(closing(Caller(server.port)))
        assert caller.ask("GET", "/v1/_me").status == 200
        callers.append(caller)
    return callers


def pids(server: ServerProcess) -> list[int]:
    """Return the processes of the workers."""
    assert server.process is not None
    pid = server.process.pid
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def served(server: ServerProcess) -> set[int]:
    """Return the workers that have connections of clients."""
    inodes = set()
    for line in [*table("tcp"), *table("tcp6")]:
        parts = line.split()
        if int(parts[1].rpartition(":")[2], 16) == server.port and parts[3] == "01":
            inodes.add(parts[9])
    return {pid for pid in pids(server) if inodes & set(sockets(pid))}


def table(name: str) -> list[str]:
    return Path(f"/proc/net/{name}").read_text().splitlines()[1:]


def sockets(pid: int) -> Iterator[str]:
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", str(handle.readlink()))
        except OSError:
            continue
        if found:
            yield found[1]


def eventually(holds: Callable[[], bool], within_sec: float = 20) -> None:
    end = time.monotonic() + within_sec
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def end_of(pid: int) -> None:
    """Wait until a process that is no child of ours has ended."""
    eventually(lambda: not Path(f"/proc/{pid}").exists())
