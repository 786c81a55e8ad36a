"""How many objects a second are changed in one field, each durable before it is answered?

2,000 (seed 3) of 20,000 objects of 500 bytes (seed 7), 32 connections.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.peers import Peer
from benchmarks.scenario import Scenario

__all__ = ["SCENARIO"]

_OBJECTS, _HIGHEST = 2000, 9999


def requests(peer: Peer, chance: random.Random) -> Sequence[bytes]:
    """Set a price."""
    count = min(_OBJECTS, peer.objects) or 1
    numbers = chance.sample(range(max(peer.objects, 1)), count)
    return [peer.update(number, chance.randint(1, _HIGHEST)) for number in numbers]


SCENARIO = Scenario(requests, bars={"floor": 0.12, "pocketbase": 2, "original": 1})
