"""Where the documents of one app are, and what a write to them is addressed to."""

from __future__ import annotations

from dataclasses import dataclass, field

from para_search_elasticsearch.connection import Json

__all__ = ["Home", "Place", "filling_of", "tenant_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """What a write is addressed to, and with which parameters."""

    name: str
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class Home:
    """Where an app's documents are."""

    alias: str
    index: str
    tenant: str
    """What its documents are marked with: the app, and in a shared index which rebuild."""

    is_shared: bool

    filling: str = field(default="", compare=False)
    """What it is called while it is filled: an alias, so that no write outlives it.

    A cluster makes an index that is missing when something is written into it, an alias not.
    """

    def place(self, alias: str = "") -> Place:
        """Return where to write while it is in use: an alias, unless another is given its own."""
        return Place(alias or self.alias, {"require_alias": "true"})

    def filling_place(self) -> Place:
        """Return where to write while it is filled."""
        return Place(self.filling, {"require_alias": "true"})

    def alias_options(self) -> Json:
        """Return what lets an alias reach its documents only, and all of them."""
        if not self.is_shared:
            return {}
        return {"routing": self.alias, "filter": {"term": {"_app": self.tenant}}}


def tenant_of(alias: Json) -> str | None:
    """Return the mark in the filter of an alias; ``None`` for an index of its own."""
    tenant = alias.get("filter", {}).get("term", {}).get("_app")
    if isinstance(tenant, dict):  # the long form
        tenant = tenant.get("value")
    return tenant if isinstance(tenant, str) else None


def filling_of(index: str) -> str:
    """Return what an index of an app alone is called while it is filled."""
    return f"{index}_new"
