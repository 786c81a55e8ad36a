"""Can the back-ends be shared by as many workers as there are to be, and has each a number?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from para_core.checks import Finding, advice, bad, good
from para_core.errors import ParaError
from para_core.ids import MAX_WORKER_ID
from para_core.plugins import load_plugins

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["examine_workers"]


async def examine_workers(config: Config) -> Iterable[Finding]:
    """Look at ``para.workers`` and what comes with it."""
    return list(_of_workers(config))


def _of_workers(config: Config) -> Iterator[Finding]:
    workers, cores = config.number("para.workers"), len(os.sched_getaffinity(0))
    said = f"{workers} on {cores} cores" if workers > 1 else f"one, on {cores} cores"
    if workers > cores:
        yield advice(said, f"set para.workers to {cores} at most: more of them share the cores")
    elif workers == 1 < cores and config.text("para.env") == "production":
        yield advice(said, f"set para.workers, up to {cores}, to use the other cores")
    else:
        yield good(said)
    if workers == 1:
        return
    first = int(config.text("para.worker_id") or 1)
    if first + workers - 1 > MAX_WORKER_ID:
        most = MAX_WORKER_ID - workers + 1
        yield bad(
            f"para.worker_id is {first}, and each needs a number", f"set it to {most} at most"
        )
    plugins = load_plugins(config)
    for made in (plugins.dao(config), plugins.search(config)):
        try:
            made.share("a check")
        except ParaError as error:
            yield bad(str(error), "select another one, or set para.workers to 1")
