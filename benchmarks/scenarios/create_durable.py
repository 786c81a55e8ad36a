"""How many objects a second are stored, each durable before it is answered?

New objects of 500 bytes (seed 3) beside 20,000 others, 32 connections. Each is on disk when it is
answered, and in the index before the next search of its app.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.peers import Peer
from benchmarks.scenario import Scenario
from benchmarks.things import things

__all__ = ["SCENARIO"]

_OBJECTS = 2000


def requests(peer: Peer, chance: random.Random) -> Sequence[bytes]:
    """Store objects without ids."""
    return [peer.create(item) for item in things(chance, range(_OBJECTS))]


SCENARIO = Scenario(requests, bars={"floor": 0.15, "pocketbase": 2.5, "original": 1})
