"""Keys that the original did not have; values that cannot be read stop the start."""

from __future__ import annotations

from para_core.settings.key import category, text

__all__ = ["KEYS"]

KEYS = category("Additions", "server", [
    text("plugin_cache_folder", "", "Folder for the unpacked wheels of the plugin folder; blank "
         "for `para/plugins` in the user's cache folder.", used_by="plugins"),
])  # fmt: skip
