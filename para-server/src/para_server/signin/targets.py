"""Where a browser goes after signing in, or after failing to.

Targets come from the settings of the app or of the server. What a request may choose, the host of
an alias or a page to return to, is compared as a whole origin with what the app allows; so no
token leaves for a host that only looks alike, and nobody is led to another site.
Source: Para 1.54, ``SimpleAuthenticationSuccessHandler`` and its counterpart for failures.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from para_server.signin.settings import AppSettings
    from para_server.signin.visit import BrowserVisit
    from para_server.web.settings import WebSettings

__all__ = ["Targets", "origin_of"]

_WEB = re.compile(r"https?://", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


class Targets:
    """Finds targets."""

    def __init__(self, settings: WebSettings, root: str) -> None:
        self._settings, self._root = settings, root

    def success(self, visit: BrowserVisit, settings: AppSettings) -> str:
        """Return where the app sends its users; blank when it says nothing.

        Args:
            visit: The visit, which may ask for one of the hosts of the app.
            settings: Of the app that was signed in to.
        """
        target = settings.text("signin_success").strip()
        if not target and settings.appid == self._root:
            target = self._settings.signin_success
        return self._on_alias(visit, settings, target) if target else ""

    def failure(self, visit: BrowserVisit, message: str) -> str:
        """Return where the app that the request names sends those who failed; blank for nowhere."""
        if not visit.names_app or visit.app is None:
            return ""
        target = visit.settings.text("signin_failure").strip()
        if not target and visit.app.identifier == self._root:
            target = self._settings.signin_failure
        return target.replace("cause=?", f"cause={quote(message, safe='')}")

    def returning(self, visit: BrowserVisit, settings: AppSettings) -> tuple[str, bool]:
        """Return where a browser wanted to go before it had to sign in, and whether a cookie says.

        Blank when it says nothing, or names another site.
        """
        remembered = _decoded(visit.cookie(self._settings.returnto_cookie))
        if remembered and self._is_own(visit, settings, remembered):
            return remembered, True
        asked = (
            visit.param(self._settings.returnto)
            if not _WEB.match(self._settings.returnto)
            else visit.param("returnto")
        )
        if asked and self._is_own(visit, settings, asked):
            return asked, bool(remembered)
        return "", bool(remembered)

    def last_resort(self) -> str:
        """Return where a browser goes when nobody says anything else."""
        return self._settings.signin_success

    def _is_own(self, visit: BrowserVisit, settings: AppSettings, target: str) -> bool:
        """Tell whether a target is a path of this server, or on an allowed origin."""
        if target.startswith("/") and not target.startswith(("//", "/\\")):
            return not any(char in target for char in "\r\n\t\\")
        allowed = {origin_of(visit.request.origin), *map(origin_of, _aliases(settings))}
        allowed.add(origin_of(settings.text("signin_success")))
        origin = origin_of(target)
        return bool(origin) and origin in allowed

    def _on_alias(self, visit: BrowserVisit, settings: AppSettings, target: str) -> str:
        """Return a target on the host that the request asks for, if that is one of the app's."""
        aliases = _aliases(settings)
        asked = visit.param("host_url").strip()
        index = visit.alias_index
        if not asked and index is not None and index < len(aliases):
            asked = aliases[index]
        own = origin_of(target)
        if not asked or not own:
            return target
        origin = origin_of(asked)
        if origin == own:
            return target
        if origin and origin in map(origin_of, aliases):
            return origin + _after_origin(target)
        return own


def origin_of(url: str) -> str:
    """Return the scheme, host and port of an address in one form; blank when it is none.

    User names, and whatever browsers and we might read differently, make it none.
    """
    text = url.strip()
    if not _WEB.match(text) or any(char in text for char in "\\\r\n\t "):
        return ""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if not host or "@" in parts.netloc:
        return ""
    scheme = parts.scheme.lower()
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port in (None, _PORTS[scheme]) else f"{scheme}://{name}:{port}"


def _after_origin(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path, parts.query, parts.fragment))


def _aliases(settings: AppSettings) -> Sequence[str]:
    """Return the other hosts of an app, in order; they are its own settings only."""
    listed = settings.own_text("security.hosturl_aliases").split(",")
    return [alias.strip() for alias in listed if _WEB.match(alias.strip())]


def _decoded(cookie: str) -> str:
    try:
        return base64.b64decode(cookie + "=" * (-len(cookie) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
