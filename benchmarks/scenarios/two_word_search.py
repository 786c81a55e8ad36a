"""How many pages of objects whose text has two given words a second?

20,000 objects of 500 bytes (seed 7) with 40 words of 39; about four in ten have both; 30 of them
and their exact number are answered; 300 different pairs of words (seed 3), 32 connections.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.peers import Peer
from benchmarks.scenario import Scenario
from benchmarks.things import word_pairs

__all__ = ["SCENARIO"]

_PAIRS = 300


def requests(peer: Peer, chance: random.Random) -> Sequence[bytes]:
    """Ask for different pairs."""
    return [peer.search(one, other) for one, other in word_pairs(chance, _PAIRS)]


SCENARIO = Scenario(requests, bars={"floor": 0.08, "pocketbase": 20, "original": 1})
