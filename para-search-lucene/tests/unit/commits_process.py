"""Commits 500 times into the folder of its argument; prints how many bytes more are in use then.

Memory that Python does not know of, of a process that does nothing else and when no merge goes on.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys

from para_core.testing.search import a_record
from para_search_lucene import appindex
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings

_NUMBERS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks")


class Mallinfo2(ctypes.Structure):
    """What glibc tells of its memory (``mallinfo2(3)``)."""

    _fields_ = [(name, ctypes.c_size_t) for name in (*_NUMBERS, "fordblks", "keepcost")]


async def used_bytes(search: LuceneSearch) -> int:
    shelf = search._opened()
    await shelf.threads.write(shelf._open["app"].close_writer)  # which waits for merges
    gc.collect()
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Mallinfo2
    return int(libc.mallinfo2().uordblks)


async def write(search: LuceneSearch, first: int, last: int) -> None:
    """Put one record and take out another with each change."""
    for number in range(first, last):
        await search.index("app", [a_record(f"k{number}")], [f"k{number - 3}"], number)


async def grown(folder: str, worn_commits: int) -> int:
    vars(appindex)["WORN_COMMITS"] = worn_commits
    async with LuceneSearch(LuceneSettings(dir=folder)) as search:
        await write(search, 0, 100)
        before = await used_bytes(search)
        await write(search, 100, 600)
        return await used_bytes(search) - before


if __name__ == "__main__":
    print(asyncio.run(grown(sys.argv[1], int(sys.argv[2]))))  # noqa: T201
