"""What a process is among several that serve one set of data."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from para_core.contracts.component import Component
from para_core.ids import IdGenerator
from para_server.services.index_writer import REBUILD_PAGE

if TYPE_CHECKING:
    from para_core.contracts.dao import DAO, Record
    from para_core.contracts.search import Search
    from para_server.config import ApiSettings
    from para_server.nodes.leases import Leases
    from para_server.para import Backends, Para
    from para_server.services.container import Clock
    from para_server.services.following import Retention
    from para_server.services.health import Part
    from para_server.services.indexing import Indexing
    from para_server.services.setup import RootKeys
    from para_server.workers.metrics import Told, WorkerMetrics

__all__ = ["Peer"]


class Peer(Component):
    """What such a process does otherwise than one that is alone; made before anything is opened.

    It is opened when the back-ends are open, and closed before they are.
    """

    number: int = 0  # among the processes of one port
    root_keys: RootKeys
    leases: Leases | None = None  # of apps, where the processes share them out

    def joined(self, settings: ApiSettings, backends: Backends) -> tuple[ApiSettings, Backends]:
        """Return settings and back-ends for this process.

        Raises:
            ConfigError: Several processes cannot work with them.
        """
        return settings, backends

    def retention(self, usual: Retention) -> Retention:
        """Return who decides when changes are forgotten."""
        return usual

    def ids(self, worker_id: int, clock: Clock) -> IdGenerator:
        """Return what makes the ids of this process."""
        return IdGenerator(worker_id, clock)

    def metrics(self, own: Told) -> WorkerMetrics | None:
        """Return what tells the metrics of all processes of one port; ``None`` for its own."""
        del own
        return None

    @abstractmethod
    def index(
        self,
        dao: DAO,
        search: Search,
        retention: Retention,
        *,
        rebuild_page: int = REBUILD_PAGE,
    ) -> Indexing:
        """Return what keeps the index in step."""

    @abstractmethod
    def is_true(self, record: Record) -> bool:
        """Return whether a record that was read before is what the database holds now."""

    def parts(self) -> Sequence[Part]:
        """Return the parts of the server that it is made of besides."""
        return ()

    def meet(self, para: Para) -> None:
        """Get to know the server, which is not put together yet."""

    async def open(self) -> None:
        """Begin to be one of several."""

    async def close(self) -> None:
        """Let the others do without this one."""
