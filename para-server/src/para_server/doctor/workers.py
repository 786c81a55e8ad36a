"""Can the back-ends be shared by as many workers as there are to be, and has each a number?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from para_core.checks import Finding, advice, bad, good
from para_core.errors import ParaError
from para_core.ids import MAX_WORKER_ID
from para_core.plugins import load_plugins
from para_core.settings.values import as_integer

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
    yield from _of_number(config, workers)
    if workers == 1:
        return
    plugins = load_plugins(config)
    for made in (plugins.dao(config), plugins.search(config)):
        try:
            made.share("a check")
        except ParaError as error:
            yield bad(str(error), "select another one, or set para.workers to 1")


def _of_number(config: Config, workers: int) -> Iterator[Finding]:
    """Look at ``para.worker_id``, the number of the first."""
    text, first = config.text("para.worker_id"), config.number("para.worker_id")
    most = MAX_WORKER_ID - workers + 1
    help_ = f"set it to a whole number above 0, {most} at most"
    if as_integer(text) is None:
        yield advice(f"para.worker_id is {text!r}, which is no number: {first} is taken", help_)
    if not 1 <= first <= most:
        each = ", and each worker needs a number" if workers > 1 else ""
        yield bad(f"para.worker_id is {first}{each}", help_)
