"""How many objects a second are read by id from the cache?

20,000 objects of 500 bytes (seed 7), of which 2,000 (seed 3) are read over 32 connections, so that
the cache of 10,000 has them all.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.peers import Peer
from benchmarks.scenario import Scenario

__all__ = ["SCENARIO", "requests"]

_OBJECTS = 2000


def requests(peer: Peer, chance: random.Random) -> Sequence[bytes]:
    """Read different objects."""
    count = min(_OBJECTS, peer.objects) or 1
    return [peer.get(number) for number in chance.sample(range(max(peer.objects, 1)), count)]


SCENARIO = Scenario(requests, bars={"floor": 0.50, "pocketbase": 5, "original": 1})
