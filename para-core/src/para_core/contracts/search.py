"""The Search contract: a full-text index that follows the database."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterable, Callable, Sequence
from typing import ClassVar

from msgspec import Struct, field

from para_core.contracts.component import Component
from para_core.contracts.dao import Record
from para_core.errors import ConfigError
from para_core.pager import Pager
from para_core.query.tree import Node

__all__ = ["Delta", "Hits", "Later", "Search"]


class Hits(Struct, frozen=True):
    """One page of what a search found.

    ``total`` is the exact number of matching documents. ``last_key`` is the cursor after the last
    key of the page; ``None`` when the page is empty. ``sources`` holds the indexed copies of those
    objects of the page that the index keeps whole (see ``Search.index``).
    """

    keys: list[str]
    total: int
    last_key: str | None = None
    sources: dict[str, bytes] = field(default_factory=dict)


class Delta(Struct, frozen=True):
    """What has to be indexed and removed to bring an index up to a change."""

    puts: Sequence[Record]
    deletes: Sequence[str]
    position: int


Later = Callable[[int], AsyncIterable[Delta]]
"""Tells all that had changed after a position when it is asked, as often as it is."""


class Search(Component):
    """A full-text index for all apps of one process; a follower of the database.

    Its content can be rebuilt from the database at any time, so losing it loses nothing. One
    instance serves every app; apps never see each other's documents. Methods may run at the same
    time; writes to one app come from one caller at a time.

    Methods raise ``UnavailableError`` and ``BackendError``; a failed search is an error, not an
    empty page. Source: Para 1.54, ``Search``; the query methods are one here (``find``), since
    every kind of search is a tree.
    """

    is_shared: ClassVar[bool] = False
    """Whether servers on several machines that select it see one index; else each has its own."""

    is_ordered: ClassVar[bool] = False
    """Whether those servers may write to it as well: ``index_as_of`` and ``rebuild_as_of``."""

    @abstractmethod
    async def open(self) -> None:
        """Open or create what the index needs; a damaged index of an app is not an error here."""

    @abstractmethod
    async def close(self) -> None:
        """Commit and let go of everything. Closing twice is harmless."""

    @abstractmethod
    async def position(self, appid: str) -> int | None:
        """Return the number of the last change that the app's index holds, durably.

        ``None``: there is no usable index (never made, damaged, of another format), and
        ``rebuild`` must fill it. Searches then find nothing.
        """

    @abstractmethod
    async def index(
        self, appid: str, puts: Sequence[Record], deletes: Sequence[str], position: int | None
    ) -> None:
        """Index records in this order, unindex ids, and remember the position, in one commit.

        Records replace what was indexed under their id; each gets a new, greater ``_docid``. When
        it returns, every later ``find`` sees it. One record that cannot be indexed is logged and
        left out, the others are not harmed. Applying the same again is harmless.

        Args:
            appid: The app.
            puts: What to index. The copy of a record is kept whole, for ``Hits.sources``, when its
                ``change`` is 0: such an object lives in the index only.
            deletes: Ids to remove; absent ones are no error.
            position: The change this call completes; ``None`` leaves the position as it is.

        Raises:
            IndexMovedError: The index that was there is gone, and what it held with it. Ask for the
                position; until then nothing is written.
        """

    @abstractmethod
    async def rebuild(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int
    ) -> int:
        """Replace the app's index by these records; the old one answers until the new is complete.

        Returns:
            How many records were indexed. When it fails or is cancelled, the old index stays.
        """

    @abstractmethod
    async def drop(self, appid: str) -> None:
        """Remove the app's index with everything in it."""

    @abstractmethod
    async def find(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits:
        """Return one page of the documents that match.

        Args:
            appid: The app; documents of others are never found.
            query: What to look for.
            kind: Only objects of this type, compared exactly; ``None`` for all types.
            pager: Page, limit (0 gives a count and no keys), order; defaults to the first page of
                30, newest first. In a sort a missing number counts as 0 and a missing text as
                the empty text; texts are ordered by their UTF-8 bytes, numbers by value, whether
                they are whole or not. Ties are in the order of last indexing, ascending, for both
                directions. ``sort`` ``_docid`` is the order of last indexing itself. A cursor
                continues by value: it works when its document was changed or removed meanwhile.

        Raises:
            IndexMovedError: The index that was there is gone; it has to be made again.
        """

    # ---- several servers ----------------------------------------------------------------------
    # One server at a time is to write an app's index, but one that was stopped may go on at any
    # moment as if it still were the one. Nothing older ever replaces anything newer all the same.

    async def index_as_of(
        self,
        appid: str,
        puts: Sequence[Record],
        deletes: Sequence[str],
        position: int | None,
        as_of: int,
    ) -> None:
        """Do what ``index`` does, unless the index has what is newer.

        A record is at its own change or at ``as_of``, whichever is later; an id that is removed is
        at ``as_of``. What is at a later change in the index stays, and so do ids that were removed
        at a later one. A position is not moved back.

        Args:
            appid: The app, whose index is there.
            puts: What to index, as in ``index``.
            deletes: Ids to remove.
            position: The change this call completes, from the server that writes the index and has
                asked for its ``position`` before; ``None`` from any server, for what no change
                tells.
            as_of: A change that had been stored before the records were read: they, and that the
                ids are gone, are true as of this change or a later one.

        Raises:
            IndexMovedError: There is no index, or another server writes it, or has put another in
                its place. Ask for the position, and go on from there.
        """
        raise _not_ordered(self)

    async def rebuild_as_of(
        self, appid: str, records: AsyncIterable[Sequence[Record]], position: int, later: Later
    ) -> int:
        """Do what ``rebuild`` does, while another server goes on to write the old index.

        The new index has all that the old one had when it takes its place. Whoever wrote the old
        one learns of it by ``IndexMovedError``.

        Args:
            appid: The app.
            records: All there are, true as of ``position`` or a later change.
            position: A change that had been stored before the first record was read.
            later: Tells what has changed since, asked now and then and once more at the end.

        Returns:
            How many of the records were indexed. When it fails, the old index stays.

        Raises:
            IndexMovedError: Another rebuild was done first, or the writer would not let go.
        """
        raise _not_ordered(self)

    # ---- several processes --------------------------------------------------------------------

    def share(self, group: str) -> None:
        """Get ready to be opened by several processes of one server, each with its own instance.

        Called before ``open``, in each of them. All of them search; one of them at a time is told
        to ``lead`` and writes (``index``, ``rebuild``, ``drop``).

        Args:
            group: What the processes of this server have in common.

        Raises:
            ConfigError: The index lives in one process.
        """
        del group
        raise ConfigError(
            f"{type(self).__name__} lives in one process; set para.workers to 1, or para.search to "
            "one that several may use"
        )

    async def lead(self) -> None:
        """Write from now on: the process that did before has ended. For those that share.

        Raises:
            ConfigError: A program that is none of ours has the index.
        """

    async def refresh(self, appid: str) -> int | None:
        """Let later searches see all that was committed before now, by whichever process or server.

        Returns:
            What ``position`` does, of the index as it is seen now.
        """
        return await self.position(appid)

    def peek(
        self, appid: str, query: Node, *, kind: str | None = None, pager: Pager | None = None
    ) -> Hits | None:
        """Return what ``find`` would, if that takes no waiting at all; else ``None``.

        For callers that cannot wait. An engine that remembers results until its index changes
        answers from there.
        """
        del appid, query, kind, pager
        return None

    async def count(self, appid: str, query: Node, *, kind: str | None = None) -> int:
        """Return how many documents match, exactly."""
        return (await self.find(appid, query, kind=kind, pager=Pager(limit=0))).total


def _not_ordered(search: Search) -> ConfigError:
    return ConfigError(
        f"{type(search).__name__} does not keep the writes of several servers in order; set "
        "para.nodes.enabled to false, or para.search to one that does"
    )
