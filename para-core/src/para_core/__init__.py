"""What every package of Para agrees on: objects, contracts, hooks, errors and configuration."""

from __future__ import annotations
