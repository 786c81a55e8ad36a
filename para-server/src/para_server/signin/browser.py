"""The endpoints of sign-in for browsers: what is common to all ways.

Each endpoint finds out which app is meant, asks its way who is there, and sends the browser where
that app wants it, with a token if the app asks for one. Programs get a status instead.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from para_core.contracts.signin import Cookie, Redirect, SignInError
from para_core.objects import App, User
from para_core.text import is_blank
from para_server.access.authorize import check_app
from para_server.http.answers import Answer, AnswerError
from para_server.pages import OWN_PAGE
from para_server.signin.passwordless import PATH as PASSWORDLESS
from para_server.signin.passwordless import place_of
from para_server.signin.passwords import BusyError
from para_server.signin.started import COOKIE as STARTED
from para_server.signin.started import is_marked, is_proven
from para_server.signin.targets import Targets
from para_server.signin.visit import BrowserVisit, visit_of
from para_server.web.answers import redirect, refusal
from para_server.web.cookies import SAME_SITE, SetCookie
from para_server.web.request import WebRequest

if TYPE_CHECKING:
    from para_server.access.tokens import TokenVerifier
    from para_server.services.apps import Apps
    from para_server.signin.base import Outcome, Way
    from para_server.signin.limits import Limits
    from para_server.signin.sessions import Sessions
    from para_server.signin.settings import SettingsLookup
    from para_server.web.settings import WebSettings

__all__ = ["BrowserSignIn", "own_cookie"]

logger = logging.getLogger(__name__)

_ONLY_LOOKS = ("HEAD", "OPTIONS", "TRACE")


class BrowserSignIn:
    """Signs browsers in."""

    def __init__(  # noqa: PLR0913 - the collaborators of one service
        self,
        apps: Apps,
        lookup: SettingsLookup,
        sessions: Sessions,
        limits: Limits,
        *,
        tokens: TokenVerifier,
        settings: WebSettings,
    ) -> None:
        self._apps, self._lookup, self._sessions = apps, lookup, sessions
        self._limits, self._tokens, self._settings = limits, tokens, settings
        self._targets = Targets(settings, apps.root)

    async def answer(self, way: Way, request: WebRequest) -> Answer:
        """Answer a browser at an endpoint of a way."""
        try:
            return await self._answer(way, request)
        except AnswerError as error:
            return refusal(request, error.status, error.message, error.headers)
        except BusyError as error:
            return refusal(request, 503, str(error), [(b"retry-after", b"1")])

    async def _answer(self, way: Way, request: WebRequest) -> Answer:
        _refuse_to_look_at(request)
        visit = await visit_of(request, self._apps, self._lookup)
        is_passwordless = request.path.rstrip("/") == PASSWORDLESS
        if is_passwordless:
            visit = await self._by_token(visit)
        if visit.app is not None:
            refused = check_app(visit.app, "POST")
            if refused is not None:
                return refusal(request, refused.status, refused.message)
        try:
            found = await self._found(way, visit)
        except SignInError as error:
            logger.info("sign-in failed: %s", error.reason, extra={"appid": visit.settings.appid})
            fail = self._passwordless_failed if is_passwordless else self._failed
            return fail(visit, error.message)
        if isinstance(found, User) and visit.app is not None:
            succeed = self._passwordless if is_passwordless else self._succeeded
            return await succeed(visit, visit.app, found)
        return _shown(request, found)

    async def _found(self, way: Way, visit: BrowserVisit) -> Outcome:
        """Ask the way, unless another browser has begun what this one finishes."""
        state, app = visit.param("state"), visit.app
        async with nullcontext() if app is None else self._limits.attempt(app, visit.request):
            if is_marked(state) and not is_proven(state, visit.cookie(STARTED)):
                raise SignInError(reason="the sign-in was started in another browser")
            return await way.finish(visit)

    # ---- the common way -----------------------------------------------------------------------

    async def _succeeded(self, visit: BrowserVisit, app: App, user: User) -> Answer:
        request, settings = visit.request, visit.settings
        target = self._targets.success(visit, settings)
        if target:
            filled = await self._with_token(app, user, target)
            return (
                self._failed(visit, "Bad credentials.")
                if filled is None
                else redirect(request, filled)
            )
        if request.is_script:
            return Answer(204)
        target, is_remembered = self._targets.returning(visit, settings)
        forget = [self._forgotten(request)] if is_remembered else []
        return redirect(request, target or self._targets.last_resort(), forget)

    async def _with_token(self, app: App, user: User, target: str) -> str | None:
        """Return a target with the tokens it asks for; ``None`` when none can be issued."""
        if "jwt=?" in target:
            session = await self._sessions.start(app, user)
            if session is None:
                return None
            target = target.replace("jwt=?", f"jwt={session.token.token}")
            user = session.user
        if "jwt=id" in target:
            token = self._sessions.id_token(app, user)
            if token is None:
                return None
            target = target.replace("jwt=id", f"jwt={token}")
        return target

    def _failed(self, visit: BrowserVisit, message: str) -> Answer:
        request = visit.request
        target = self._targets.failure(visit, message)
        if target:
            return redirect(request, target)
        if request.is_script:
            return refusal(request, 401, message)
        return redirect(request, self._own_page(visit) or self._settings.signin_failure)

    def _own_page(self, visit: BrowserVisit) -> str:
        """Return the address of the sign-in page that the form came from; blank for other forms."""
        if not visit.param(OWN_PAGE):
            return ""
        fields = {"error": "", "returnto": visit.param("returnto")}
        if visit.names_app:
            fields["appid"] = visit.settings.appid
        query = urlencode(
            {name: value for name, value in fields.items() if value or name == "error"}
        )
        return f"{self._settings.signin}?{query}"

    def _forgotten(self, request: WebRequest) -> tuple[bytes, bytes]:
        """Return the header that deletes the memory of where the browser wanted to go."""
        name, secure = self._settings.returnto_cookie, request.is_secure
        return SetCookie(name=name, max_age_sec=0, is_hidden=False, is_secure=secure).header()

    # ---- the word of the app ------------------------------------------------------------------

    async def _by_token(self, visit: BrowserVisit) -> BrowserVisit:
        """Return the visit to the app that the token names, when the address names none."""
        if visit.names_app:
            return visit
        raw = (visit.param("token") or visit.param("jwt")).strip()
        token = self._tokens.read(raw.encode("utf-8", "replace"))
        identifier = token.appid if token is not None else ""
        app = await self._apps.find(identifier) if identifier else None
        return visit.to(app, self._lookup.of(app))

    def _passwordless_failed(self, visit: BrowserVisit, message: str) -> Answer:
        if visit.param("redirect") == "false":
            return refusal(visit.request, 403, as_json=False)
        if visit.app is None:
            return redirect(visit.request, self._settings.signin_failure)
        return self._failed(visit, message)

    async def _passwordless(self, visit: BrowserVisit, app: App, user: User) -> Answer:
        """Answer with a token as text, or as a cookie and a redirect."""
        place = place_of(visit, self._settings.returnto)
        session = await self._sessions.start(app, user)
        if session is None:
            return self._passwordless_failed(visit, "Bad credentials.")
        if not place:
            return Answer(200, session.token.token.encode(), b"text/plain;charset=UTF-8")
        cookie = self._auth_cookie(visit, app, session.token.token)
        return redirect(visit.request, place, [cookie])

    def _auth_cookie(self, visit: BrowserVisit, app: App, token: str) -> tuple[bytes, bytes]:
        settings, request = visit.settings, visit.request
        usual = f"{app.identifier}-auth"
        same_site = SAME_SITE.get(visit.param("sameSiteCookie").lower(), "Strict")
        hidden = visit.param("httpOnlyCookie")
        cookie = SetCookie(
            name=settings.text("auth_cookie").strip() or usual,
            value=token,
            path=request.context or "/",
            max_age_sec=self._sessions.validity_sec(app),
            is_hidden=is_blank(hidden) or hidden == "true",
            is_secure=request.is_secure,
            same_site=same_site,
        )
        try:
            return cookie.header()
        except ValueError as error:
            raise AnswerError(400, str(error)) from error


def _refuse_to_look_at(request: WebRequest) -> None:
    """Sign nobody in, and use nothing up, for who asks what is there without wanting it."""
    is_page = request.path.lstrip("/").startswith("saml_metadata")
    if request.method in _ONLY_LOOKS and not is_page:
        raise AnswerError(405, headers=[(b"allow", b"GET, POST")])


def _shown(request: WebRequest, found: Outcome) -> Answer:
    if isinstance(found, User):  # of no app: no way finds one
        raise AnswerError(400)
    if isinstance(found, Redirect):
        return redirect(request, found.url, [own_cookie(request, c) for c in found.cookies])
    return Answer(found.status, found.body, found.content_type.encode())


def own_cookie(request: WebRequest, cookie: Cookie) -> tuple[bytes, bytes]:
    """Return the header that sets a cookie of sign-in."""
    return SetCookie(
        name=cookie.name,
        value=cookie.value,
        path=request.context or "/",
        max_age_sec=cookie.max_age_sec,
        is_secure=request.is_secure,
        same_site=SAME_SITE.get(cookie.same_site.lower(), "Lax"),
    ).header()
