"""How many objects a second are read by id when the database has to answer?

The same requests as of ``get_cached``: 20,000 objects of 500 bytes (seed 7), 2,000 of them read
(seed 3), 32 connections; the server has no cache.
"""

from __future__ import annotations

from benchmarks.scenario import Scenario
from benchmarks.scenarios.get_cached import requests

__all__ = ["SCENARIO"]

SCENARIO = Scenario(requests, bars={"floor": 0.40}, settings={"para.cache_enabled": False})
