"""Settings of the cache."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["RedisSettings"]


class RedisSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.redis``."""

    url: Annotated[
        str,
        Meta(
            description="Address of the server: `redis://host:port/number`, `rediss://` with TLS."
        ),
    ] = "redis://localhost:6379/0"
    user: Annotated[str, Meta(description="Name to log in with; blank for the default user.")] = ""
    password: Annotated[str, Meta(description="Password; blank for no login.")] = ""
    ca_file: Annotated[
        str,
        Meta(
            description="Certificates of the authorities that are trusted, in PEM; blank for those "
            "of the system. Only with TLS."
        ),
    ] = ""
    timeout_ms: Annotated[
        int,
        Meta(ge=1, description="Longest wait for one answer; then the server counts as away."),
    ] = 500
    retry_ms: Annotated[
        int,
        Meta(
            ge=1,
            description="How often a server that is away is tried; meanwhile nothing waits for it.",
        ),
    ] = 1000
    ttl_sec: Annotated[
        int, Meta(ge=1, description="Seconds after which an object leaves the cache.")
    ] = 3600
    near_entries: Annotated[
        int,
        Meta(ge=0, description="Most objects that each process keeps in its own memory; 0: none."),
    ] = 10_000
    near_bytes: Annotated[
        int, Meta(ge=1, description="Most bytes that these may take, estimated.")
    ] = 64 * 1024 * 1024
    stale_ms: Annotated[
        int,
        Meta(
            ge=50,
            description="Longest time for which a process answers from its own memory without "
            "having heard from the server, which tells it what others have changed.",
        ),
    ] = 1000
    lease_ms: Annotated[
        int,
        Meta(
            ge=1000,
            description="When a node was not heard of for so long, all that is cached is dropped: "
            "it may have ended between a write and its eviction.",
        ),
    ] = 10_000
