"""Defaults that depend on other keys or on the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.settings.key import Derived

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["ROOT_APP", "environment", "if_production", "value_of"]


def if_production(yes: str, no: str) -> Derived:
    """One value where ``para.env`` is ``production``, another elsewhere."""
    return Derived(
        f"{yes} if para.env is production, else {no}",
        lambda config: yes if config.text("para.env") == "production" else no,
    )


def value_of(name: str) -> Derived:
    """The value of another key."""
    return Derived(f"value of {name}", lambda config: config.text(name))


def environment(name: str) -> Derived:
    """The value of an environment variable that other programs read too."""
    return Derived(f"environment variable {name}", lambda config: config.environ.get(name, ""))


def _root_app(config: Config) -> str:
    from para_core.types import app_identifier  # not needed to know the keys

    return app_identifier(config.text("para.app_name"))


ROOT_APP = Derived("identifier of the root app", _root_app)
