"""Keys of the category Basic Authentication: credentials at the social networks."""

from __future__ import annotations

from collections.abc import Iterator

from para_core.settings.key import NO_PLUGIN, Key, category, text

__all__ = ["KEYS"]

_ID = "Client id that {} gave the root app; other apps keep theirs in their settings."
_SECRET = "Client secret that belongs to the id at {}."  # noqa: S105 - a description
_PROVIDERS = {
    "fb": "Facebook",
    "gp": "Google",
    "in": "LinkedIn",
    "tw": "Twitter",
    "gh": "GitHub",
    "ms": "Microsoft",
    "az": "Amazon",
    "sl": "Slack",
    "mm": "Mattermost",
}


def _keys() -> Iterator[Key]:
    for prefix, provider in _PROVIDERS.items():
        used_by = f"{NO_PLUGIN}a provider of that name" if prefix == "mm" else ""
        yield text(f"{prefix}_app_id", "", _ID.format(provider), used_by=used_by)
        yield text(f"{prefix}_secret", "", _SECRET.format(provider), used_by=used_by)
        if prefix == "ms":
            yield text("ms_tenant_id", "common", "Tenant in the addresses of Microsoft's sign-in.")


KEYS = category("Basic Authentication", "sign-in", _keys())
