"""Settings of the SQL databases."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["TIME_LIMIT", "DbSettings", "SqlSettings"]

TIME_LIMIT = "para.sql.timeout_ms"
"""What to name when the database was too slow."""


class SqlSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.sql``."""

    url: str = ""
    user: str = "user"
    password: str = "secret"  # noqa: S105 (the default of the original)
    timeout_ms: Annotated[
        int, Meta(ge=1, description="Longest wait for one answer of the database.")
    ] = 5000
    pool_size: Annotated[
        int, Meta(ge=2, le=100, description="Most connections to a database server at a time.")
    ] = 6


class DbSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.db``; its other keys belong to H2 and mean nothing here."""

    dir: str = "./data"
