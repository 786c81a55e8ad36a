"""The settings of metrics, read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["MetricsAdditions", "MetricsSettings", "metrics_settings_of"]


class MetricsAdditions(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of ``para.metrics`` that the original did not have."""

    slow_ms: Annotated[
        int,
        Meta(
            ge=0,
            description="Milliseconds from which a call of a back-end or of the API is logged as "
            "slow; 0 for never.",
        ),
    ] = 1000


class MetricsSettings(Struct, frozen=True, kw_only=True):
    """The keys of ``para.metrics``."""

    is_on: bool = True
    logging_rate_sec: int = 60  # 0: no lines
    slow_ms: int = 1000


def metrics_settings_of(config: Config) -> MetricsSettings:
    """Return the settings that the configuration has."""
    additions = config.section("para.metrics", MetricsAdditions)
    return MetricsSettings(
        is_on=config.flag("para.metrics_enabled"),
        logging_rate_sec=config.number("para.metrics.logging_rate"),
        slow_ms=additions.slow_ms,
    )
