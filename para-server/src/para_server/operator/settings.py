"""Where the operator's pages are, and who may see them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["OperatorSettings"]


class OperatorSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.operator``: ``/metrics`` for Prometheus, and ``/health``."""

    port: Annotated[
        int,
        Meta(
            ge=0,
            le=65535,
            description="Port of its own for `/metrics` and `/health`; 0 for none.",
        ),
    ] = 0
    address: Annotated[
        str, Meta(description="Address on which that port is open; blank for all of the machine.")
    ] = "127.0.0.1"
    token: Annotated[
        str,
        Meta(
            description="Who sends this as `Authorization: Bearer …` gets both, on the port of the "
            "API too; blank for nobody there."
        ),
    ] = ""
    apps: Annotated[
        bool, Meta(description="Whether `/metrics` has counts and times of each app as well.")
    ] = True
