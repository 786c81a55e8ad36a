"""How many pages of objects with a given city and colour a second?

20,000 objects of 500 bytes (seed 7), of which 5 % have both; 30 of them and their exact number are
answered; 12 different questions, 32 connections.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.peers import Peer
from benchmarks.scenario import Scenario
from benchmarks.things import CITIES, COLOURS

__all__ = ["SCENARIO"]


def requests(peer: Peer, chance: random.Random) -> Sequence[bytes]:
    """Ask for each colour in three cities."""
    del chance
    return [peer.filter(city, colour) for city in CITIES[:3] for colour in COLOURS]


SCENARIO = Scenario(requests, bars={"floor": 0.08, "pocketbase": 10, "original": 1})
