"""Can several servers use the database, which are there, and do they agree?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from para_core.checks import Finding, advice, bad, good
from para_core.errors import ParaError
from para_core.plugins import load_plugins
from para_server.config import settings_of
from para_server.doctor.machine import running_server
from para_server.nodes.health import disagreements
from para_server.nodes.node import Node
from para_server.nodes.roster import Neighbour, Roster
from para_server.nodes.seat import Sitting
from para_server.nodes.settings import NodeSettings
from para_server.serving import backends_of

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.contracts.dao import DAO
    from para_server.para import Backends

__all__ = ["examine_nodes"]

_SLOW_MS = 10_000  # what people notice
_QUICK_SEC = 4  # a busy machine may be silent for so long
_SELF = "doctor"
_LOOKS = 10
_LONGEST_SEC = 10.0


async def examine_nodes(config: Config) -> Iterable[Finding]:
    """Look at ``para.nodes``, at the back-ends, and at who else is there."""
    settings = config.section("para.nodes", NodeSettings)
    plugins = load_plugins(config)
    plugins.register_core_types()
    backends = backends_of(config, plugins)
    if not settings.enabled:
        if not backends.dao.is_shared:
            return [good("none: the database is of this server alone")]
        if backends.dao.unfit_for_nodes:
            return [good("none: this database is not for nodes")]
        return [finding async for finding in _beside(backends.dao, settings)]
    return [finding async for finding in _among(config, settings, backends)]


async def _beside(dao: DAO, settings: NodeSettings) -> AsyncIterator[Finding]:
    """Look for nodes from a server that is none."""
    try:
        pending, others = await _looked(dao, settings)
    except ParaError as error:
        yield bad(str(error), "put that right first")
        return
    if pending:
        yield good(_unseen(pending))
    elif others:
        yield bad(
            f"{_shown(others)} has the database, and this server is no node",
            "set para.nodes.enabled = true and a para.worker_id of its own, or another database",
        )
    else:
        yield good("none")


async def _among(
    config: Config, settings: NodeSettings, backends: Backends
) -> AsyncIterator[Finding]:
    """Look at the other nodes from one of them."""
    for finding in _of_settings(settings):
        yield finding
    api = settings_of(config)
    shared = backends.cache.is_shared
    try:
        Node(settings).joined(api, backends)
        pending, others = await _looked(backends.dao, settings)
    except ParaError as error:
        yield bad(str(error), "put that right first")
        return
    runs = await asyncio.to_thread(running_server, config) is not None
    others = [one for one in others if not (runs and one.number == api.worker_id)]
    if pending:
        yield good(_unseen(pending))
    else:
        yield good(f"besides this one: {_shown(others)}" if others else "nobody else is there")
    for one in others:
        if one.number == api.worker_id:
            yield bad(
                f"para.worker_id {one.number} is that of a node on {one.sitting.host}",
                "give each node a number of its own",
            )
    bounds = [settings.stale_ms, settings.lease_sec, settings.feed_sec]
    mine = Neighbour(api.worker_id, Sitting(_SELF, bounds=bounds), 0, 0)
    for told in disagreements([mine, *others], _SELF):
        yield bad(told, "give all nodes the same values, and let a time service keep their clocks")
    if api.cache_enabled:
        yield good(
            "the cache is one for all nodes"
            if shared
            else "each node has a cache of its own, from which it drops what others change"
        )


def _of_settings(settings: NodeSettings) -> Iterator[Finding]:
    if settings.stale_ms > _SLOW_MS:
        yield advice(
            f"para.nodes.stale_ms is {settings.stale_ms}: a node may answer with what is so old",
            "take 1000, unless the database has trouble with five small questions a second",
        )
    if settings.stale_ms >= settings.lease_sec * 1000:
        yield advice(
            "para.nodes.stale_ms is not below para.nodes.lease_sec: another node takes over before "
            "it has heard what was written",
            "set para.nodes.stale_ms to a fraction of the lease",
        )
    if settings.lease_sec < _QUICK_SEC:
        yield advice(
            f"para.nodes.lease_sec is {settings.lease_sec}: a machine that is busy for so long "
            "loses its apps, and events are sent twice",
            f"take {_QUICK_SEC} or more",
        )


async def _looked(dao: DAO, settings: NodeSettings) -> tuple[str, Sequence[Neighbour]]:
    """Return who else is there, unless opening the database would change it: then how."""
    pending = await dao.what_opening_changes()
    if pending:
        return pending, []
    async with dao:
        return "", await _others(dao, settings)


def _unseen(pending: str) -> str:
    return f"nobody was looked for in the database, since the next start {pending}"


async def _others(dao: DAO, settings: NodeSettings) -> Sequence[Neighbour]:
    """Return the nodes that renew their records, which takes a moment to see."""
    roster = Roster(dao, lease_sec=float("inf"))
    seen = await roster.look()
    leases = [one.sitting.bounds[1] for one in seen if one.sitting.bounds]
    wait_sec = min(max([settings.lease_sec, *leases]) / 2, _LONGEST_SEC)
    for _ in range(_LOOKS if seen else 0):
        await asyncio.sleep(wait_sec / _LOOKS)
        seen = await roster.look()
    return [one for one in seen if one.silent_sec < wait_sec * (1 - 1 / _LOOKS)]


def _shown(nodes: Sequence[Neighbour]) -> str:
    names = [f"{one.number} on {one.sitting.host}" for one in nodes]
    return f"node {names[0]}" if len(names) == 1 else f"nodes {', '.join(names)}"
