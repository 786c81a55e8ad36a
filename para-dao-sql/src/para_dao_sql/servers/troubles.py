"""What ``doctor`` finds wrong with any database server."""

from __future__ import annotations

from para_core.checks import Finding, bad

__all__ = ["few_connections", "no_wait"]


def no_wait(advice: str) -> Finding:
    """Tell that commits are answered before they are on the disk; ``advice`` helps."""
    return bad(
        "the database server does not wait for its disk: what it has answered can be lost", advice
    )


def few_connections(found: int, wanted: int, limit: str) -> Finding:
    """Tell that a server refuses connections that Para may make; ``limit`` names its setting."""
    return bad(
        f"the database server takes {found} connections, and this server may make {wanted}",
        f"raise {limit} there, or lower para.sql.pool_size or para.workers",
    )
