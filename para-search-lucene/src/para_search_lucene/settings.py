"""The section ``para.lucene``."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["LuceneSettings"]


class LuceneSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.lucene``."""

    dir: Annotated[
        str, Meta(description="Folder in which the folder `data` with the indexes lies.")
    ] = "."
    max_readers: Annotated[
        int, Meta(ge=1, description="Indexes of apps that are kept open; each has a thread.")
    ] = 200
    max_writers: Annotated[
        int, Meta(ge=1, description="Indexes of apps that are kept open for writing.")
    ] = 8
    writer_idle_sec: Annotated[
        int, Meta(ge=1, description="Seconds without a write after which an index is closed.")
    ] = 30
    search_threads: Annotated[
        int, Meta(ge=1, description="Threads for searches that take longer than a moment.")
    ] = 2
    cache_entries: Annotated[
        int, Meta(ge=0, description="Pages of results that are kept until the app changes.")
    ] = 20_000
    cache_bytes: Annotated[int, Meta(ge=0, description="Most memory for them.")] = 16_000_000
