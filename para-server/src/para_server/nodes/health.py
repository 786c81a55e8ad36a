"""How one node is among the others, for its operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from para_server.services.health import Part

if TYPE_CHECKING:
    from para_server.nodes.leases import Leases
    from para_server.nodes.roster import Neighbour, Roster
    from para_server.nodes.seat import NodeSeat
    from para_server.nodes.watch import Watch

__all__ = ["NodeHealth", "disagreements"]

_CLOCKS_SEC = 60  # requests are signed with a time, which may be some minutes off


class NodeHealth:
    """Asks the parts of a node whether they hear and are heard."""

    def __init__(self, roster: Roster, watch: Watch, seat: NodeSeat, leases: Leases) -> None:
        """Take what is asked."""
        self._roster, self._watch, self._seat, self._leases = roster, watch, seat, leases
        self._seen: Sequence[Neighbour] = ()

    def part(self) -> Part:
        """Return the part of the server; requests go on without the others."""
        return Part("Nodes", self._check, is_vital=False, about=self._about)

    async def _check(self) -> str:
        if not self._watch.is_fresh():
            return (
                f"what other nodes write was heard {self._watch.silent_sec():.0f} seconds ago, so "
                "nothing is answered from the cache"
            )
        if not self._seat.is_held():
            return "the number of this node is not renewed, so it makes no ids"
        self._seen = await self._roster.look()
        told = disagreements(self._seen, self._seat.session)
        return told[0] if told else ""

    def _about(self) -> Mapping[str, object]:
        return {
            "number": self._seat.number,
            "heardMillis": int(self._watch.silent_sec() * 1000),
            "shares": self._leases.taken(),
            "nodes": [
                {
                    "number": one.number,
                    "host": one.sitting.host,
                    "pid": one.sitting.pid,
                    "silentMillis": int(one.silent_sec * 1000),
                }
                for one in self._seen
                if one.sitting.session != self._seat.session
            ],
        }


def disagreements(nodes: Sequence[Neighbour], session: str) -> list[str]:
    """Return what differs between one node and the others, and must not.

    Args:
        nodes: All that are there.
        session: Of the one.
    """
    mine = next((one.sitting for one in nodes if one.sitting.session == session), None)
    told = []
    for one in nodes:
        if one.sitting.session == session:
            continue
        if mine is not None and one.sitting.bounds and one.sitting.bounds != mine.bounds:
            told.append(
                f"node {one.number} on {one.sitting.host} has other values of para.nodes.stale_ms, "
                f"lease_sec and feed_sec ({_shown(one.sitting.bounds)}) than this one "
                f"({_shown(mine.bounds)})"
            )
        if abs(one.ahead_sec) > _CLOCKS_SEC:
            which = "ahead of" if one.ahead_sec > 0 else "behind"
            told.append(
                f"the clock of node {one.number} on {one.sitting.host} is "
                f"{abs(one.ahead_sec):.0f} seconds {which} the one here"
            )
    return told


def _shown(bounds: Sequence[int]) -> str:
    return ", ".join(map(str, bounds))
