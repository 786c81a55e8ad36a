"""Those who write through nodes while a test kills, stops and starts them."""

from __future__ import annotations

import http.client
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from para_core.testing.threads import at_work

from .nodes import eventually
from .process import Caller, ServerProcess

__all__ = ["Writer", "ports_from", "wait_for_writes", "writing"]


@dataclass(kw_only=True)
class Writer(ABC):
    """Writes to one app, through one node after the other when one does not answer."""

    ports: list[int]
    keys: tuple[str, str]
    stop: threading.Event
    count: int = 0  # of writes that were acknowledged

    def run(self) -> None:
        """Write until it is told to stop; each write again until it is acknowledged."""
        turn = 0
        while not self.stop.is_set():
            with closing(Caller(self.ports[turn % len(self.ports)])) as caller:
                caller.sign_as(*self.keys)
                try:
                    while not self.stop.is_set() and self.write(caller, self.count):
                        self.count += 1
                except (OSError, http.client.HTTPException):
                    pass
            turn += 1
            time.sleep(0.02)

    @abstractmethod
    def write(self, caller: Caller, number: int) -> bool:
        """Write once; return whether it was acknowledged."""


def ports_from(nodes: Sequence[ServerProcess], turn: int) -> list[int]:
    """Return the ports of nodes, beginning with another one at each turn."""
    ports = [node.port for node in nodes]
    first = turn % len(ports)
    return ports[first:] + ports[:first]


@contextmanager
def writing(writers: Sequence[Writer], stop: threading.Event) -> Iterator[None]:
    """Let each of them write in a thread of its own until the end."""
    with at_work([writer.run for writer in writers], stop):
        yield


def wait_for_writes(writers: Sequence[Writer], more: int, within_sec: float = 60) -> None:
    """Wait until each writer has stored some more."""
    goals = [writer.count + more for writer in writers]

    def holds() -> bool:
        return all(w.count >= goal for w, goal in zip(writers, goals, strict=True))

    eventually(holds, within_sec)
