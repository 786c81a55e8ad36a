"""Para inside another program: opened from a configuration, used without HTTP.

``Para`` is for programs with an event loop, ``BlockingPara`` for all others.
"""

from __future__ import annotations

from para_server.embedding.blocking import BlockingPara
from para_server.embedding.objects import Page
from para_server.embedding.para import Para

__all__ = ["BlockingPara", "Page", "Para"]
