"""What the engine needs around it: how an index is opened, and whether it merges."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct
from tantivy import Index, IndexWriter

__all__ = ["WORN_COMMITS", "WORN_OUT_COMMITS", "is_merging", "open_engine"]

WORN_COMMITS = 500
"""After how many commits an index is opened anew, at a moment without a merge.

The engine remembers the path of every file it ever opened, and its writer keeps some more (tantivy
0.27): together 3 KB for each commit, until the index is let go.
"""
WORN_OUT_COMMITS = 5000
"""After how many commits an index is opened anew at any moment."""
_KEY_LENGTH = 32  # of a segment, whose files are named by it


class _SegmentMeta(Struct):
    segment_id: str


class _Meta(Struct):
    """What ``meta.json`` of the engine says about the last commit."""

    segments: list[_SegmentMeta]


def open_engine(path: Path) -> Index:
    """Open an index that was made before, as its last commit left it.

    Raises:
        ValueError: There is none, or it is damaged.
    """
    index = Index.open(str(path))
    index.config_reader("manual")
    index.reload()
    return index


def is_merging(path: Path, writer: IndexWriter) -> bool:
    """Say whether the engine writes a merged segment, right after a commit and a new searcher.

    Closing the writer waits for merges: 4 s for 240,000 documents. The engine does not tell, but it
    removes every other file that the last commit does not name.
    """
    writer.garbage_collect_files()
    meta = msgspec.json.decode((path / "meta.json").read_bytes(), type=_Meta)
    committed = {segment.segment_id.replace("-", "") for segment in meta.segments}
    keys = {file.name.partition(".")[0] for file in path.iterdir()}
    return any(len(key) == _KEY_LENGTH and key not in committed for key in keys)
