"""A browser at one of the endpoints of sign-in: which app it means, and where it came from."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from para_core.types import app_identifier

if TYPE_CHECKING:
    from para_core.objects import App
    from para_server.services.apps import Apps
    from para_server.signin.settings import AppSettings, SettingsLookup
    from para_server.web.request import WebRequest

__all__ = ["BrowserVisit", "named_app", "visit_of"]

_INDEX = re.compile(r"[0-9]{1,9}")  # no app has more hosts, and int() refuses very long numbers


@dataclass(frozen=True)
class BrowserVisit:
    """A visit; see ``para_core.contracts.signin.Visit``.

    Attributes:
        request: The request.
        app: The app to sign in to; ``None`` when the request names one that is not there.
        settings: Of that app.
        names_app: Whether the request says which app it means; else ``app`` is the root app.
    """

    request: WebRequest
    app: App | None
    settings: AppSettings
    names_app: bool

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.request.method

    @property
    def path(self) -> str:
        """The path, without the context path."""
        return self.request.path

    def param(self, name: str) -> str:
        """Return a parameter of the query, else of the form; blank for none."""
        return self.request.param(name)

    def cookie(self, name: str) -> str:
        """Return the value of a cookie; blank for none."""
        return self.request.cookies.get(name, "")

    @cached_property
    def redirect_uri(self) -> str:
        """The address of this endpoint as providers must know it.

        Source: Para 1.54, ``SecurityUtils.getRedirectUrl``.
        """
        path = self.request.raw.path.decode("latin-1")
        given = [
            f"{name}={self.request.param(name)}"
            for name in ("appid", "host_url")
            if self.request.has_param(name)
        ]
        return f"{self.request.origin}{path}{'?' if given else ''}{'&'.join(given)}"

    @property
    def alias_index(self) -> int | None:
        """The number behind the app in ``state``: which of the app's hosts to return to."""
        number = self.request.param("state").partition("|")[2]
        return int(number) if _INDEX.fullmatch(number) else None

    def to(self, app: App | None, settings: AppSettings) -> BrowserVisit:
        """Return the same visit to an app that was found out in another way."""
        return replace(self, app=app, settings=settings, names_app=True)


def named_app(request: WebRequest) -> str | None:
    """Return what a request calls the app: ``appid``, else the start of ``state``, else its path.

    ``None`` when it names none.
    """
    for name in (request.param("appid"), request.param("state").partition("|")[0]):
        if name.strip():
            return name
    return request.values[0] if request.values else None


async def visit_of(request: WebRequest, apps: Apps, settings: SettingsLookup) -> BrowserVisit:
    """Return the visit that a request makes; without a name it means the root app."""
    name = named_app(request)
    identifier = apps.root if name is None else app_identifier(name)
    app = await apps.find(identifier)
    return BrowserVisit(request, app, settings.of(app), names_app=name is not None)
