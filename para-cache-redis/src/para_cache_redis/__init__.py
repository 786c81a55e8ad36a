"""A cache in Redis for Para, with a near cache in each node."""

from __future__ import annotations
