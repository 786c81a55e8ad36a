"""Object storage for Para in MongoDB."""

from __future__ import annotations
