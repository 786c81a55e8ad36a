"""Profiles whose fields an app names in its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from para_core.text import is_blank
from para_server.signin.providers.replies import text_in

if TYPE_CHECKING:
    from para_core.contracts.signin import SignInSettings

__all__ = ["Fields"]

_USUAL = {"id": "sub"}
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")  # RFC 6901, section 4; int() refuses very long numbers


class Fields:
    """Reads a profile by ``<section>.parameters.…``: a name at its top, or a JSON Pointer."""

    def __init__(self, settings: SignInSettings, section: str, profile: Mapping[str, Any]) -> None:
        self._settings, self._section, self._profile = settings, section, profile

    def name_of(self, field: str) -> str:
        """Return what the profile calls a field."""
        usual = _USUAL.get(field, field)
        return self._settings.text(f"{self._section}.parameters.{field}", usual).strip()

    def value(self, field: str) -> object:
        """Return a field as it is; ``None`` when it is missing."""
        name = self.name_of(field)
        found = self._profile.get(name)
        if found is None and name.startswith("/"):
            return _at(self._profile, name)
        return found

    def of(self, field: str) -> str:
        """Return a field as text; blank when it is missing or no text."""
        name = self.name_of(field)
        found = text_in(self._profile, name)
        if is_blank(found) and name.startswith("/"):
            found = text_in({"": _at(self._profile, name)}, "")
        return found


def _at(value: object, pointer: str) -> object:
    """Return what a JSON Pointer leads to (RFC 6901); ``None`` when it leads nowhere."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
