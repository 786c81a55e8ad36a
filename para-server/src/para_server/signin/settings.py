"""Settings of sign-in: the app's own, and for the root app the configuration behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.errors import ConfigError
from para_core.text import text_of

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.objects import App

__all__ = ["AppSettings", "SettingsLookup"]


@dataclass(frozen=True, slots=True)
class AppSettings:
    """The settings of one app; see ``para_core.contracts.signin.SignInSettings``.

    ``configured`` is asked for keys that the app does not have; ``None`` for all but the root app.
    Source: Para 1.54, ``SecurityUtils.getSettingForApp`` and ``getOAuthKeysForApp``.
    """

    app: App | None
    configured: Callable[[str], str | None] | None = None

    @property
    def appid(self) -> str:
        """The app's identifier, without prefix; empty when there is no such app."""
        return self.app.identifier if self.app is not None else ""

    def text(self, key: str, default: str = "") -> str:
        """Return a setting as text; an empty one of the app counts."""
        own = self.app.settings.get(key) if self.app is not None else None
        if own is not None:
            return text_of(own)
        found = self.configured(key) if self.configured is not None else None
        return default if found is None else found

    def own_text(self, key: str) -> str:
        """Return what the app itself has set, as text; blank for nothing."""
        own = self.app.settings.get(key) if self.app is not None else None
        return "" if own is None else text_of(own)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return whether a setting is ``true`` in any letter case."""
        return self.text(key, str(default)).strip().lower() == "true"

    def credentials(self, prefix: str) -> tuple[str, str]:
        """Return the client id and secret at a provider: both of one place, or two blanks."""
        names = (f"{prefix}_app_id", f"{prefix}_secret")
        own = self.app.settings if self.app is not None else {}
        if all(own.get(name) is not None for name in names):
            return text_of(own[names[0]]), text_of(own[names[1]])
        if self.configured is None:
            return "", ""
        return self.configured(names[0]) or "", self.configured(names[1]) or ""


class SettingsLookup:
    """Finds the settings of apps; only the root app's fall back to the configuration."""

    def __init__(self, config: Config, root: str) -> None:
        self.config, self._root = config, root

    def of(self, app: App | None) -> AppSettings:
        """Return the settings of an app; of no app, there are none."""
        is_root = app is not None and app.identifier == self._root
        return AppSettings(app, self.configured if is_root else None)

    def configured(self, key: str) -> str | None:
        """Return what the configuration says of a key without ``para.``, its default included."""
        try:
            return self.config.text(f"para.{key}")
        except ConfigError:  # nobody knows the key, or it holds a list
            return None
