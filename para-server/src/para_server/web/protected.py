"""Paths that need somebody: ``para.security.protected``, and those that need nobody.

An entry is a list of patterns, with lists of roles and methods inside. An entry that names the
role ``APP`` is guarded as the API is; the others want a user with one of their roles.
Source: Para 1.54, ``SecurityConfig``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.settings import KNOWN

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["Guard", "Guards", "guards_of", "pattern_of"]

logger = logging.getLogger(__name__)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
_ROLES = frozenset({"USER", "MOD", "ADMIN", "APP"})
_USUAL = frozenset(KNOWN["para.security.ignored"].elements)
_GROUPS = {"admins": "ADMIN", "mods": "MOD"}
_PARTS = re.compile(r"/\*\*|\*\*|\*|\?|\{[^/{}]*\}|(?:(?!/\*\*)[^*?{])+|\{")


@dataclass(frozen=True, slots=True)
class Guard:
    """One entry: which requests it is about, and who may send them."""

    name: str
    patterns: tuple[re.Pattern[str], ...]
    roles: frozenset[str]
    methods: frozenset[str]  # empty: all

    @property
    def is_for_apps(self) -> bool:
        """Whether it is guarded as the API is, by signatures, tokens and permissions."""
        return "APP" in self.roles

    def covers(self, method: str, path: str) -> bool:
        """Tell whether the entry is about a request."""
        if self.methods and method not in self.methods:
            return False
        return any(pattern.fullmatch(path) for pattern in self.patterns)

    def admits(self, groups: str) -> bool:
        """Tell whether users of a group may pass."""
        return _GROUPS.get(groups.lower(), "USER") in self.roles


@dataclass(frozen=True, slots=True)
class Guards:
    """All entries, and the paths that everybody may use."""

    entries: tuple[Guard, ...] = ()
    ignored: tuple[re.Pattern[str], ...] = ()
    opens_api: bool = False  # paths of the API besides those that are public in any case

    def is_open(self, path: str) -> bool:
        """Tell whether a path is left out of all protection."""
        return any(pattern.fullmatch(path) for pattern in self.ignored)

    def of(self, method: str, path: str) -> Guard | None:
        """Return the first entry about a request; ``None`` when nothing guards it."""
        if not self.entries or self.is_open(path):
            return None
        return next((entry for entry in self.entries if entry.covers(method, path)), None)


def guards_of(config: Config) -> Guards:
    """Return the guards of a configuration; entries that cannot be read are logged and left out."""
    raw = config.raw("para.security.protected")
    entries = raw.items() if isinstance(raw, Mapping) else ()
    found = [guard for name, value in entries if (guard := _guard(str(name), value)) is not None]
    texts = [text.strip() for text in config.items("para.security.ignored")]
    more = [text for text in texts if text not in _USUAL and text.startswith(("/v", "/*", "*"))]
    ignored = tuple(pattern_of(text) for text in texts)
    return Guards(tuple(found), ignored, opens_api=bool(more))


def pattern_of(text: str) -> re.Pattern[str]:
    """Return what a pattern matches, whole paths: ``*`` is one segment, ``**`` any number.

    ``?`` is one character, ``{name}`` one segment. ``/a/**`` is ``/a`` too.
    """
    found = []
    for part in _PARTS.findall(text.strip()):
        if part == "/**":
            found.append("(?:/.*)?")
        elif part == "**":
            found.append(".*")
        elif part == "*":
            found.append("[^/]*")
        elif part == "?":
            found.append("[^/]")
        elif part.startswith("{") and part.endswith("}"):
            found.append("[^/]+")
        else:
            found.append(re.escape(part))
    return re.compile("".join(found), re.DOTALL)


def _guard(name: str, value: object) -> Guard | None:
    if not isinstance(value, list):
        logger.warning("para.security.protected.%s is no list; nothing is protected by it", name)
        return None
    patterns = [item for item in value if isinstance(item, str) and item.strip()]
    inner = [word for item in value if isinstance(item, list) for word in _texts(item)]
    words = {word.strip().upper() for word in inner}
    if not patterns:
        logger.warning("para.security.protected.%s names no path", name)
        return None
    roles = words - _METHODS
    unknown = roles - _ROLES
    if unknown:
        logger.warning("para.security.protected.%s: nobody has the roles %s", name, sorted(unknown))
    return Guard(
        name,
        tuple(pattern_of(text) for text in patterns),
        frozenset(roles or _ROLES),
        frozenset(words & _METHODS),
    )


def _texts(items: Iterable[object]) -> list[str]:
    return [item for item in items if isinstance(item, str)]
