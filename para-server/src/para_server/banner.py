"""What the console shows when a server starts."""

from __future__ import annotations

from para_server import __version__

__all__ = ["BANNER"]

BANNER = rf"""
 _ __  __ _ _ _ __ _
| '_ \/ _` | '_/ _` |
| .__/\__,_|_| \__,_|
|_|  for Python {__version__}

"""
