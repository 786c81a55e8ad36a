"""The log of the process: where its lines go, what they look like, what must not be in them."""

from __future__ import annotations

from para_server.logs.requests import request_id
from para_server.logs.setup import Logs

__all__ = ["Logs", "request_id"]
