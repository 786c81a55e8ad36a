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

import msgspec

from benchmarks.processes import ServerProcess, free_port
from benchmarks.things import thing
from benchmarks.wire import Connection, Credentials

__all__ = ["Peer"]

_BATCH = 500  # objects in one request of a fill


class _Filled(msgspec.Struct):
    """What a folder holds, in a file beside it."""

    objects: int
    seed: int
    credentials: Credentials | None


class Peer(ABC):
    """A server on a free port with its data in a folder.

    A folder that is given stays, and what was filled into it is there the next time; without one
    the data goes away with the server.

    The methods that name a question return a whole request as bytes.
    """

    name: ClassVar[str]
    patience_sec: ClassVar[float] = 60
    credentials: Credentials | None = None  # of the app that has the objects

    def __init__(
        self,
        *,
        core: int | None = 0,
        settings: Mapping[str, object] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._stays = folder is not None
        self.folder = folder or Path(tempfile.mkdtemp(prefix=f"bench-{self.name}-"))
        self.folder.mkdir(parents=True, exist_ok=True)
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
        """Stop it and remove its data, unless its folder was given."""
        self.connection.close()
        self.process.stop()
        if not self._stays:
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
        """Store so many objects through its batch requests; return objects a second.

        What an earlier run stored in this folder is used as it is: the rate is 0 then.
        """
        if self._is_filled(objects, seed):
            return 0.0
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
        if self._stays:
            told = _Filled(objects, seed, self.credentials)
            self._filled.write_bytes(msgspec.json.encode(told))
        return objects / max(spent, 1e-9)

    @property
    def _filled(self) -> Path:
        return self.folder / "filled.json"

    def _is_filled(self, objects: int, seed: int) -> bool:
        if not self._stays or not self._filled.exists():
            return False
        filled = msgspec.json.decode(self._filled.read_bytes(), type=_Filled)
        if (filled.objects, filled.seed) != (objects, seed):
            raise ValueError(f"{self.folder} holds {filled.objects} objects of seed {filled.seed}")
        self.credentials, self.objects = filled.credentials, filled.objects
        return True

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
