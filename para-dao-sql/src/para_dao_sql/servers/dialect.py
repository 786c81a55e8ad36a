"""What database servers differ in: how each is reached, and the SQL that it alone understands.

SQL is written as PostgreSQL has it: values are ``$1``, ``$2``, …, and names that may be reserved
words stand in double quotes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from para_core.errors import BackendError, ConfigError
from para_core.plan import Plan
from para_dao_sql.servers.tables import NO_TABLES, App, Statements

__all__ = ["Connection", "Dialect", "Join", "Pool"]


class Asked(Protocol):
    """Whatever answers SQL."""

    async def fetch(self, query: str, *values: object) -> Sequence[Sequence[Any]]:
        """Return all rows."""

    async def fetchval(self, query: str, *values: object) -> Any:  # noqa: ANN401 (it knows what it asked)
        """Return the first value of the first row, ``None`` when there is none."""

    async def execute(self, query: str, *values: object) -> object:
        """Do something."""


class Connection(Asked, Protocol):
    """One connection of a driver."""

    def is_closed(self) -> bool:
        """Tell whether it is of no use any more, as far as is known."""

    async def close(self) -> None:
        """Say good-bye."""

    def terminate(self) -> None:
        """Let go at once."""


class Pool(Asked, Protocol):
    """Some connections of a driver; questions to the pool go to any that is free."""

    def acquire(self) -> AbstractAsyncContextManager[Any]:
        """Lend a connection; one that is in no known state afterwards is thrown away."""

    async def close(self) -> None:
        """Wait for those that are lent, and close all."""

    def terminate(self) -> None:
        """Let go of all at once."""


C = TypeVar("C", bound=Connection)
Join = Callable[[Any], Awaitable[None]]
"""What every new connection of a pool does first."""


class Dialect(ABC, Generic[C]):
    """One product. It keeps no connection and no state of the database."""

    failures: ClassVar[tuple[type[Exception], ...]]
    """Everything that the driver raises by itself."""

    portion: ClassVar[int]
    """Ids of one question at most."""

    first: ClassVar[str] = "LIMIT $3"
    """What ends a question that wants no more rows than its third value says."""

    nothing: ClassVar[str] = "SELECT 1"
    """Asks for nothing, to hear whether the server is there."""

    unfit_for_nodes: ClassVar[str] = ""
    """As in ``DAO``."""

    newest_format: ClassVar[int]
    """Of the tables, as this version makes them."""

    place: str
    """The address without password, for messages."""

    # ---- connections and errors ----------------------------------------------------------------

    @abstractmethod
    async def connect(self) -> C:
        """Make a connection beside those of the pool."""

    @abstractmethod
    async def connect_pool(self, size: int, join: Join | None) -> Pool:
        """Make a pool of up to so many connections."""

    @abstractmethod
    def when_lost(self, connection: C, tell: Callable[[], None]) -> None:
        """Call something when a connection has ended, whoever ended it."""

    @abstractmethod
    def as_para_error(self, error: BaseException) -> BackendError:
        """Return the error that a caller gets to see."""

    @abstractmethod
    def as_start_error(self, error: BaseException) -> ConfigError | BackendError:
        """Return the error that stops the start, with the key that would help."""

    @abstractmethod
    def is_about_one(self, error: BaseException) -> bool:
        """Tell whether one of several writes may be to blame; the others can succeed then."""

    @abstractmethod
    def is_missing_table(self, error: BaseException) -> bool:
        """Tell whether a question was about a table that is not there."""

    def is_deadlock(self, error: BaseException) -> bool:
        """Tell whether a transaction was undone only because it met another one."""
        del error
        return False

    # ---- tables --------------------------------------------------------------------------------

    @abstractmethod
    async def prepare(self, connection: C) -> None:
        """Make the tables, or bring those that are there up to date; one server at a time.

        Raises:
            ConfigError: A newer version made them.
        """

    @abstractmethod
    async def found_format(self, connection: C) -> int | None:
        """Return the format of the tables, ``None`` when there are none; nothing is made.

        Raises:
            ConfigError: A newer version made them.
        """

    async def check_readable(self, connection: C) -> None:
        """Check that the tables are there and ours; nothing is made.

        Raises:
            ConfigError: There are none, or a newer version made them.
        """
        if await self.found_format(connection) is None:
            raise ConfigError(NO_TABLES)

    @abstractmethod
    def statements_of(self, app: App) -> Statements:
        """Return the SQL that reaches the records of an app."""

    @abstractmethod
    async def make_app(self, connection: C, appid: str, *, shared: bool) -> None:
        """Give an app its number and its table, unless it has them."""

    @abstractmethod
    async def remove_app(self, connection: C, appid: str) -> None:
        """Remove an app and all that it has; later apps begin above its numbers."""

    # ---- one transaction that writes -----------------------------------------------------------

    @abstractmethod
    async def begin(self, connection: C, appid: str) -> tuple[App, int] | None:
        """Begin a transaction, and return the app with its counter, locked until the end."""

    @abstractmethod
    async def begin_new(self, connection: C, appid: str) -> tuple[App, int]:
        """Make an app that ``begin`` did not find, and return what it would have."""

    @abstractmethod
    async def store(self, connection: C, app: App, plan: Plan) -> None:
        """Store what a sequence of writes comes to, and commit."""

    @abstractmethod
    async def rollback(self, connection: C) -> None:
        """Undo everything since ``begin``."""

    # ---- who has the database, see Hold --------------------------------------------------------

    @abstractmethod
    async def try_share(self, connection: C) -> bool:
        """Let a connection keep all who want the database alone out, until it ends."""

    @abstractmethod
    async def try_enter(self, connection: C, group: str) -> bool:
        """Do as ``try_share``, and keep processes of other groups out too, if none is there."""

    @abstractmethod
    async def try_take(self, connection: C) -> bool:
        """Let a connection keep everybody out, until it ends."""

    @abstractmethod
    async def try_join(self, connection: C) -> bool:
        """Let a connection write only while nobody has the database alone."""

    @abstractmethod
    async def is_of(self, connection: C, group: str) -> bool:
        """Tell whether the processes of a group have the database, and let it stay so."""

    # ---- snapshots -----------------------------------------------------------------------------

    @abstractmethod
    async def begin_snapshot(self, connection: C) -> None:
        """Begin a transaction that reads and sees no later commit."""

    @abstractmethod
    def question(self, connection: C) -> AbstractAsyncContextManager[object]:
        """Return what a question is asked in, so that the snapshot goes on after an error."""
