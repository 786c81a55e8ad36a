"""Settings of MongoDB."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["TIME_LIMIT", "MongoSettings"]

TIME_LIMIT = "para.mongodb.timeout_ms"
"""What to name when the database was too slow."""


class MongoSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.mongodb``."""

    uri: str = ""
    database: str = ""
    host: str = "localhost"
    port: int = 27017
    user: str = ""
    password: str = ""
    ssl_enabled: bool = False
    ssl_allow_all: bool = False
    timeout_ms: Annotated[
        int, Meta(ge=1, description="Longest wait for one answer of the database.")
    ] = 5000
    pool_size: Annotated[
        int, Meta(ge=2, le=100, description="Most connections to each server at a time.")
    ] = 10
    journal_dir: Annotated[
        str,
        Meta(
            description="Folder of the journal that a server without transactions needs; blank "
            "for the one in `para.db.dir`."
        ),
    ] = ""
