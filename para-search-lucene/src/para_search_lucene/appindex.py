"""The open index of one app."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct
from tantivy import Index, IndexWriter, Query

from para_core.contracts.dao import Record
from para_core.errors import BackendError
from para_core.query.fields import document_of
from para_search_lucene.allocator import give_back_memory
from para_search_lucene.clauses import Clauses
from para_search_lucene.convert import encode_document
from para_search_lucene.engine import WORN_COMMITS, WORN_OUT_COMMITS, is_merging, open_engine
from para_search_lucene.failures import WRITER_ENDED, engine_errors
from para_search_lucene.marks import Marks
from para_search_lucene.schema import STATE_ID, build_schema
from para_search_lucene.snapshot import Recent, Snapshot, state_of

__all__ = ["AppIndex", "State"]

logger = logging.getLogger(__name__)

_WRITER_BYTES = 15_000_000  # the least that the engine takes
_REBUILD_BYTES = 60_000_000  # fewer and larger segments: half the CPU for many documents


class State(Struct):
    """What a commit says about itself, in the same commit."""

    position: int | None = None
    next_docid: int = 0


class AppIndex:
    """An index that is open for searching and, from its first write on, for writing.

    Writes come from one thread. Searches use ``snapshot``, which each commit replaces.
    """

    def __init__(self, appid: str, path: Path, index: Index, state: State) -> None:
        self.appid, self.path = appid, path
        self.used = time.monotonic()
        self.pins = 0
        """How many callers write to it; it is not closed meanwhile."""
        self._index, self._state = index, state
        self._writer: IndexWriter | None = None
        self._is_rebuild = False
        self._commits = 0  # since the engine opened the index
        self._seen = ("", 0)  # what tells the commit that ``reload`` saw from others
        self._reloading = threading.Lock()
        self.marks = Marks.read(index.searcher())
        self._clauses = Clauses(index, self.marks)
        self._recent = Recent()
        self.snapshot = Snapshot(index, self._clauses, self.marks, self._recent)

    @classmethod
    def make(
        cls, appid: str, path: Path, *, first_docid: int, is_rebuild: bool = False
    ) -> AppIndex:
        """Make an index in an empty folder."""
        with engine_errors(appid, "make"):
            index = Index(build_schema(), str(path), reuse=False)
            index.config_reader("manual")
        made = cls(appid, path, index, State(next_docid=first_docid))
        made._is_rebuild = is_rebuild
        return made

    @classmethod
    def open(cls, appid: str, path: Path) -> AppIndex:
        """Open an index that was made before.

        Raises:
            BackendError: It is damaged.
        """
        with engine_errors(appid, "open"):
            index = open_engine(path)
            text = state_of(index)
            if text is None:
                raise BackendError(f"the index of app {appid!r} does not say how far it is")
            return cls(appid, path, index, msgspec.json.decode(text, type=State))

    def reload(self) -> None:
        """See what another process has committed; for an index that this one does not write.

        Who comes while somebody else does that waits, so that nobody puts back an older state.

        Raises:
            BackendError: It is damaged or gone.
        """
        with self._reloading, engine_errors(self.appid, "read"):
            if self._commits < WORN_COMMITS:
                self._index.reload()
            else:
                self._index, self._commits = open_engine(self.path), 0
            text = state_of(self._index)
            if text is None:
                raise BackendError(f"the index of app {self.appid!r} does not say how far it is")
            searcher = self._index.searcher()
            seen = (text, searcher.num_docs)
            if seen == self._seen:
                return
            self._seen, self._state = seen, msgspec.json.decode(text, type=State)
            self._commits += 1
            self.marks = Marks.read(searcher)
            self._clauses = Clauses(self._index, self.marks)
            self.snapshot = Snapshot(self._index, self._clauses, self.marks, Recent())

    @property
    def position(self) -> int | None:
        """The last change that the index holds."""
        return self._state.position

    @property
    def next_docid(self) -> int:
        """The number that the next document gets."""
        return self._state.next_docid

    @property
    def is_writing(self) -> bool:
        """Whether the index is open for writing."""
        return self._writer is not None

    def add(self, puts: Iterable[Record], deletes: Iterable[str] = ()) -> int:
        """Index and unindex without a commit; return how many records were taken.

        Of records with one id the last counts.
        """
        latest: dict[str, Record | None] = {}
        for record in puts:
            latest.pop(record.id, None)
            latest[record.id] = record
        latest.update(dict.fromkeys(deletes))
        if not latest:
            return 0
        with self._undone_on_failure("write to"):
            writer = self._open_writer()
            self._forget(writer, list(latest))
            return sum(self._put(writer, record) for record in latest.values() if record)

    def _forget(self, writer: IndexWriter, keys: list[str]) -> None:
        """Take out what the index holds under these ids.

        One call for all: each call lets go of Python's lock, and gets it back only when the thread
        that serves requests lets go of it. In a rebuild, whose many batches meet nothing, single
        terms are looked up faster.
        """
        if self._is_rebuild:
            for key in keys:
                writer.delete_documents_by_term("id", key)
        else:
            query = Query.term_set_query(self._index.schema, "id", keys)
            writer.delete_documents_by_query(query)

    def commit(self, position: int | None) -> None:
        """Make everything that was added durable and visible, together with the position.

        Args:
            position: ``None`` leaves the position as it is.
        """
        if position is None:
            position = self._state.position
        with self._undone_on_failure("commit to"):
            writer = self._open_writer()
            state = State(position, self._state.next_docid)
            writer.delete_documents_by_term("id", STATE_ID)
            text = msgspec.json.encode(state).decode()
            writer.add_json(msgspec.json.encode({"id": STATE_ID, "state": text}).decode())
            writer.commit()
            self._index.reload()
            self._state = state
            self._commits += 1
            self.snapshot = Snapshot(self._index, self._clauses, self.marks, self._recent)

    @property
    def is_worn(self) -> bool:
        """Whether the engine keeps the memory of many commits that opening it anew gives back."""
        return self._commits >= WORN_COMMITS and self.is_writing

    def reopen(self) -> None:
        """Let the engine open the index anew, unless it merges at this moment.

        For the thread that writes, when everything is committed. Searches go on with the snapshot
        of the last commit.
        """
        if self._writer is None:
            return
        try:
            with engine_errors(self.appid, "reopen"):
                is_due = self._commits >= WORN_OUT_COMMITS
                if not is_due and is_merging(self.path, self._writer):
                    return
                self.close_writer()
                self._index = open_engine(self.path)
                self._clauses = Clauses(self._index, self.marks)
            give_back_memory()  # new threads use other memory than those that ended
        except BackendError as error:  # the next write opens a writer of what there is
            reason = str(error)[:200]
            logger.warning("an index stays open", extra={"appid": self.appid, "reason": reason})
        self._commits = 0

    def close_writer(self) -> None:
        """Let go of the writer; what was not committed is lost."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with engine_errors(self.appid, "close"):
                writer.wait_merging_threads()

    @contextmanager
    def _undone_on_failure(self, doing: str) -> Iterator[None]:
        """Forget what was not committed when something fails.

        A writer that failed may take documents without ever indexing them, so it is not used again.
        """
        try:
            try:
                with engine_errors(self.appid, doing):
                    yield
            except BackendError as error:
                self._say_why(error, doing)
                raise
        except BaseException:
            writer, self._writer = self._writer, None
            if writer is not None:
                with suppress(Exception), engine_errors(self.appid, "roll back"):
                    writer.rollback()
            raise

    def _say_why(self, error: BackendError, doing: str) -> None:
        """Raise what ended the thread of the writer, when an error only says that it has ended."""
        if self._writer is not None and WRITER_ENDED in str(error):
            with engine_errors(self.appid, doing):
                self._writer.commit()  # it waits for the thread, and fails as that did

    def _open_writer(self) -> IndexWriter:
        self.used = time.monotonic()
        if self._writer is None:
            size = _REBUILD_BYTES if self._is_rebuild else _WRITER_BYTES
            self._writer = self._index.writer(size, 1)
        return self._writer

    def remove_files(self) -> None:
        """Remove the folder of the engine."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _put(self, writer: IndexWriter, record: Record) -> bool:
        try:
            document = document_of(record)
            source = record.data if record.change == 0 else None
            text, marks = encode_document(document, self._state.next_docid, source)
        except (ValueError, TypeError, RecursionError) as error:
            self._refuse(record, error)
            return False
        self.marks.add(marks)
        try:
            writer.add_json(text)
        except ValueError as error:
            if WRITER_ENDED in str(error):  # it would refuse everything
                raise
            self._refuse(record, error)
            return False
        self._state.next_docid += 1
        return True

    def _refuse(self, record: Record, error: Exception) -> None:
        logger.error(
            "an object cannot be indexed",
            extra={"appid": self.appid, "id": record.id, "reason": str(error)[:200]},
        )
