"""The settings of the log that the original did not have."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

__all__ = ["LogSettings"]


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.log``."""

    format: Annotated[
        Literal["text", "json"],
        Meta(description="`text` for people, or `json`: one JSON object a line."),
    ] = "text"
    console: Annotated[
        Literal["stderr", "stdout", "off"],
        Meta(description="Where the process writes its lines besides files, or `off`."),
    ] = "stderr"
    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        Meta(description="Least important level that goes to the console."),
    ] = "INFO"
    access_days: Annotated[
        int, Meta(ge=0, description="Days after which access logs are removed; 0 for never.")
    ] = 31
