"""The settings of metrics, read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from para_server.metrics.target import Target

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
    graphite: Target | None = None  # of the server's own metrics
    graphite_period_sec: int = 0  # 0: nothing goes to Graphite, of apps neither
    prefix_system: str = ""
    prefix_apps: str = ""


def metrics_settings_of(config: Config) -> MetricsSettings:
    """Return the settings that the configuration has."""
    additions = config.section("para.metrics", MetricsAdditions)
    graphite = "para.metrics.graphite"
    host = config.text(f"{graphite}.host").strip()
    return MetricsSettings(
        is_on=config.flag("para.metrics_enabled"),
        logging_rate_sec=config.number("para.metrics.logging_rate"),
        slow_ms=additions.slow_ms,
        graphite=Target(host, config.number(f"{graphite}.port")) if host else None,
        graphite_period_sec=max(config.number(f"{graphite}.period"), 0),
        prefix_system=config.text(f"{graphite}.prefix_system").strip(),
        prefix_apps=config.text(f"{graphite}.prefix_apps").strip(),
    )
