"""What answers which path outside the API: sign-in, sign-out, greeting and error pages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from para_server.http.answers import Answer, AnswerError
from para_server.pages import Entrance, SignInForm, landing_page, sign_in_page
from para_server.signin.browser import own_cookie
from para_server.signin.started import COOKIE as STARTED
from para_server.signin.started import begin
from para_server.signin.visit import visit_of
from para_server.web.answers import page_answer, redirect, refusal
from para_server.web.cookies import SetCookie

if TYPE_CHECKING:
    from para_server.services.apps import Apps
    from para_server.signin.base import Way
    from para_server.signin.browser import BrowserSignIn
    from para_server.signin.jwt_auth import JwtAuth
    from para_server.signin.settings import SettingsLookup
    from para_server.signin.visit import BrowserVisit
    from para_server.web.request import WebRequest
    from para_server.web.settings import WebSettings

__all__ = ["WebRoutes"]

Handler: TypeAlias = "Callable[[WebRequest], Awaitable[Answer]]"

_GREETING = b'{"code":200,"message":"Hello from Para!"}'
_LANDING = ("/", "/index.html", "/index.htm")
_LDAP = "/ldap_auth"
_STATUS = re.compile(r"[45][0-9]{2}")


class WebRoutes:
    """Finds what answers a request, and answers what belongs to no service."""

    def __init__(  # noqa: PLR0913 - the collaborators of one service
        self,
        apps: Apps,
        lookup: SettingsLookup,
        jwt_auth: JwtAuth,
        browser: BrowserSignIn,
        ways: Sequence[Way],
        *,
        settings: WebSettings,
        is_production: bool,
        has_landing_page: bool,
    ) -> None:
        self._apps, self._lookup, self._browser = apps, lookup, browser
        self._ways, self._settings, self._is_production = ways, settings, is_production
        self._paths: dict[str, Handler] = {"/jwt_auth": jwt_auth.answer}
        self._folders: dict[str, Handler] = {"/error": self._error}
        for way in ways:
            self._add(way)
        self._ways_paths, self._ways_folders = set(self._paths), {*self._folders} - {"/error"}
        self._paths |= {
            settings.signin: self._sign_in,
            settings.signout: self._sign_out,
            "/error": self._error,
            "/not-found": self._not_found,
        }
        if has_landing_page:
            self._paths |= dict.fromkeys(_LANDING, self._landing)

    def _add(self, way: Way) -> None:
        async def answer(request: WebRequest) -> Answer:
            return await self._browser.answer(way, request)

        for path in way.paths:
            folder, _, last = path.rpartition("/")
            if last.startswith("{"):
                self._folders[folder] = answer
            else:
                self._paths[path] = answer

    def is_own(self, path: str) -> bool:
        """Tell whether a path belongs to sign-in and sign-out, which nobody can be kept from."""
        bare = path.rstrip("/") or "/"
        folder = bare.rpartition("/")[0]
        is_way = bare in self._ways_paths or folder in self._ways_folders
        return is_way or bare in (self._settings.signin, self._settings.signout)

    def find(self, request: WebRequest) -> Handler | None:
        """Return what answers a request; ``None`` when nothing here does."""
        path = request.path.rstrip("/") or "/"
        handler = self._paths.get(path)
        if handler is not None:
            is_hidden = handler == self._sign_out and not self._may_sign_out(request.method)
            return None if is_hidden else handler
        folder, _, last = path.rpartition("/")
        below = self._folders.get(folder)
        if below is None or not last:
            return None

        async def answer(request: WebRequest) -> Answer:
            return await below(replace(request, values=[last]))

        return answer

    # ---- pages --------------------------------------------------------------------------------

    async def _landing(self, request: WebRequest) -> Answer:
        _only_to_look_at(request)
        if self._is_production:
            return Answer(200, _GREETING, b"application/json")
        return page_answer(landing_page(request.context))

    async def _sign_in(self, request: WebRequest) -> Answer:
        _only_to_look_at(request)
        if self._is_production and request.is_script:
            return refusal(request, 401, "Not found")
        visit = await visit_of(request, self._apps, self._lookup)
        state, cookie = begin(visit.settings.appid, visit.cookie(STARTED))
        form = SignInForm(
            name=visit.app.name or "" if visit.app is not None and visit.names_app else "",
            action=_with_app(request, "/password_auth", visit),
            directory=self._directory(request, visit),
            directory_fields=(self._settings.username_param, self._settings.password_param),
            entrances=self._entrances(request, visit, state),
            returnto=request.param("returnto"),
            has_failed=request.has_param("error"),
        )
        headers = [own_cookie(request, cookie)] if form.entrances else []
        return page_answer(sign_in_page(form), 401, headers)

    def _entrances(self, request: WebRequest, visit: BrowserVisit, state: str) -> list[Entrance]:
        """Return the providers that the app uses; ``state`` binds what they do to this browser."""
        found = []
        for way in self._ways:
            for path in way.paths:
                uri = request.absolute(path)
                url = way.entrance(visit.settings, uri, state)
                if url and way.title:
                    found.append(Entrance(way.title, url))
        return found

    def _directory(self, request: WebRequest, visit: BrowserVisit) -> str:
        has_directory = any(_LDAP in way.paths for way in self._ways)
        is_used = visit.settings.own_text("security.ldap.server_url")
        return _with_app(request, _LDAP, visit) if has_directory and is_used else ""

    async def _error(self, request: WebRequest) -> Answer:
        _only_to_look_at(request)
        told = request.values[0] if request.values else "500"
        status = int(told) if _STATUS.fullmatch(told) else 404
        return refusal(request, status, as_json=self._is_production or request.is_script)

    async def _not_found(self, request: WebRequest) -> Answer:
        return refusal(request, 404, as_json=self._is_production or request.is_script)

    # ---- sign-out -----------------------------------------------------------------------------

    def _may_sign_out(self, method: str) -> bool:
        if self._settings.is_csrf_on:
            return method == "POST"
        return method in ("GET", "POST", "PUT", "DELETE")

    async def _sign_out(self, request: WebRequest) -> Answer:
        """Delete the cookie of the session; tokens go on until they end or are revoked."""
        cookie = SetCookie(
            name=self._settings.auth_cookie,
            path=request.context or "/",
            max_age_sec=0,
            is_secure=request.is_secure,
        )
        return redirect(request, self._settings.signout_success, [cookie.header()])


def _only_to_look_at(request: WebRequest) -> None:
    if request.method not in ("GET", "HEAD"):
        raise AnswerError(405, headers=[(b"allow", b"GET, HEAD")])


def _with_app(request: WebRequest, path: str, visit: BrowserVisit) -> str:
    appid = visit.settings.appid
    query = f"?appid={quote(appid)}" if visit.names_app and appid else ""
    return f"{request.context}{path}{query}"
