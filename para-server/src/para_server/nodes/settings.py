"""Settings of servers that share a database."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["NodeSettings"]


class NodeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.nodes``; the same in all nodes."""

    enabled: Annotated[
        bool,
        Meta(description="Whether several servers use the database at the same time, as nodes."),
    ] = False
    stale_ms: Annotated[
        int,
        Meta(
            ge=100,
            description="Milliseconds for which a node may go on to answer with what another node "
            "has changed.",
        ),
    ] = 1000
    lease_sec: Annotated[
        int,
        Meta(
            ge=2,
            description="Seconds after which the other nodes take over from one that has ended "
            "without a word.",
        ),
    ] = 6
    feed_sec: Annotated[
        int,
        Meta(
            ge=60,
            description="Seconds for which changes are kept for nodes that are away; a node that "
            "was away for longer makes its embedded index anew.",
        ),
    ] = 600
