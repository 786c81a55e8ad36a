"""How many pages of 30 objects a second, the newest first?

20,000 objects of 500 bytes (seed 7), the pages 1 to 50, 32 connections.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.peers import Peer
from benchmarks.scenario import Scenario

__all__ = ["SCENARIO"]

_PAGES = 50


def requests(peer: Peer, chance: random.Random) -> Sequence[bytes]:
    """Read pages in their order."""
    del chance
    return [peer.list_page(page) for page in range(1, _PAGES + 1)]


SCENARIO = Scenario(requests, bars={"floor": 0.30, "pocketbase": 12, "original": 1})
