"""All routes of the API, in the order in which they are documented."""

from __future__ import annotations

from para_server.http.router import Route
from para_server.rest import (
    backup,
    batch,
    config_options,
    constraints,
    emails,
    forms,
    keys,
    links,
    objects,
    permissions,
    queue,
    search,
    settings,
    setup,
    types,
    utilities,
    webhooks,
)

__all__ = ["ROUTES"]

ROUTES: list[Route] = [
    *setup.ROUTES,
    *objects.ROUTES,
    *batch.ROUTES,
    *search.ROUTES,
    *links.ROUTES,
    *types.ROUTES,
    *constraints.ROUTES,
    *permissions.ROUTES,
    *settings.ROUTES,
    *keys.ROUTES,
    *webhooks.ROUTES,
    *queue.ROUTES,
    *backup.ROUTES,
    *emails.ROUTES,
    *forms.ROUTES,
    *utilities.ROUTES,
    *config_options.ROUTES,
]
"""Where several routes fit a path, literal segments win over variable ones."""
