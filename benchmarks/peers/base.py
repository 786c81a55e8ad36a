"""What a scenario asks of a server, whatever its dialect."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from benchmarks.processes import ServerProcess, free_port
from benchmarks.things import thing
from benchmarks.wire import Connection

__all__ = ["Peer"]

_BATCH = 500  # objects in one request of a fill


class Peer(ABC):
    """A server on a free port with its data in a folder that goes away with it.

    The methods that name a question return a whole request as bytes.
    """

    name: ClassVar[str]
    patience_sec: ClassVar[float] = 60

    def __init__(
        self, *, core: int | None = 0, settings: Mapping[str, object] | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"bench-{self.name}-"))
        self.port = free_port()
        self.settings = dict(settings or {})
        self.process = ServerProcess(self.folder, core=core)
        self.connection = Connection(self.port, timeout_sec=300)
        self.objects = 0

    @property
    def host(self) -> str:
        """What stands in the header ``Host``."""
        return self.connection.host

    def start(self) -> float:
        """Start it; return the seconds until its first answer."""
        self.prepare()
        return self.process.start(self.command(), self.is_ready, patience_sec=self.patience_sec)

    def stop(self) -> None:
        """Stop it and remove its data."""
        self.connection.close()
        self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Start."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def fill(self, objects: int, *, seed: int = 7, batch: int = _BATCH) -> float:
        """Store so many objects through its batch requests; return objects a second."""
        chance = random.Random(seed)
        self.prepare_fill()
        spent = 0.0  # only in requests, not while objects are made up
        for first in range(0, objects, batch):
            numbers = range(first, min(objects, first + batch))
            items = [thing(chance, number) for number in numbers]
            began = time.perf_counter()
            self.store(first, items)
            spent += time.perf_counter() - began
            self.objects = numbers.stop
        return objects / max(spent, 1e-9)

    def prepare(self) -> None:  # noqa: B027 - most have something to do
        """Fetch or make what the first start needs."""

    def prepare_fill(self) -> None:  # noqa: B027
        """Make room for the objects."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return what starts it in the foreground."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Return whether it answers; ``OSError`` while it does not listen."""

    @abstractmethod
    def store(self, first: int, items: Sequence[Mapping[str, Any]]) -> None:
        """Store objects with numbers from ``first`` on in one request."""

    # ---- questions ----------------------------------------------------------------------------

    @abstractmethod
    def get(self, number: int) -> bytes:
        """Read one object by id."""

    @abstractmethod
    def list_page(self, page: int) -> bytes:
        """Read a page of 30, the newest first."""

    @abstractmethod
    def filter(self, city: str, colour: str) -> bytes:
        """Read the first 30 with this city and this colour."""

    @abstractmethod
    def search(self, one: str, other: str) -> bytes:
        """Read the first 30 whose text has both words."""

    @abstractmethod
    def create(self, item: Mapping[str, Any]) -> bytes:
        """Store a new object of another kind than those of the fill."""

    @abstractmethod
    def update(self, number: int, price: int) -> bytes:
        """Change one field of a stored object."""
