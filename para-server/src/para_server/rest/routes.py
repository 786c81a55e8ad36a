"""All routes of the API, in the order in which they are documented."""

from __future__ import annotations

from para_server.http.router import Route
from para_server.rest import batch, objects, search, setup

__all__ = ["ROUTES"]

ROUTES: list[Route] = [
    *setup.ROUTES,
    *objects.ROUTES,
    *batch.ROUTES,
    *search.ROUTES,
]
"""Where several routes fit a path, literal segments win over variable ones."""
