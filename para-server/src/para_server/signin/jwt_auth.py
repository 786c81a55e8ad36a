"""``/jwt_auth``: sign in, renew a token, end all tokens.

Source: Para 1.54, ``JWTRestfulAuthFilter``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import msgspec

from para_core.contracts.signin import SignInError
from para_core.objects import App
from para_core.objects.codec import wire
from para_core.types import app_identifier
from para_server.access.authorize import check_app
from para_server.access.classify import CredentialKind, classify
from para_server.access.principal import Kind, Principal
from para_server.access.tokens import Proof
from para_server.access.visibility import hide
from para_server.http.answers import Answer, AnswerError, error_answer
from para_server.services.users import TakenError
from para_server.signin.base import Presented
from para_server.signin.twofactor import CODE_NEEDED

if TYPE_CHECKING:
    from para_server.access.gate import Gate
    from para_server.services.apps import Apps
    from para_server.services.users import Users
    from para_server.signin.base import Way
    from para_server.signin.limits import Limits
    from para_server.signin.sessions import Session, Sessions
    from para_server.web.request import WebRequest

__all__ = ["JwtAuth"]

logger = logging.getLogger(__name__)

_JSON = b"application/json;charset=UTF-8"
_FIELDS = ("appid", "provider", "token")
_MISSING = "Some of the required query parameters 'provider', 'appid', 'token', are missing."
_NEVER_ROOT = (
    "Can't authenticate user with app '{}' using provider '{}'. "
    "Reason: clients aren't allowed to access root app."
)
_INVALID = 'Bearer error="invalid_token"'


class JwtAuth:
    """The door through which programs sign their users in."""

    def __init__(  # noqa: PLR0913 - the collaborators of one service
        self,
        apps: Apps,
        users: Users,
        sessions: Sessions,
        limits: Limits,
        *,
        gate: Gate,
        ways: Mapping[str, Way],
        max_body_bytes: int,
    ) -> None:
        self._apps, self._users, self._sessions, self._limits = apps, users, sessions, limits
        self._gate, self._ways, self._max_body_bytes = gate, ways, max_body_bytes

    async def answer(self, request: WebRequest) -> Answer:
        """Answer ``POST`` (sign in), ``GET`` (renew) and ``DELETE`` (end); others get nothing.

        Raises:
            AnswerError: What the request asks for is refused.
        """
        if request.method == "POST":
            return await self._sign_in(request)
        if request.method == "GET":
            return await self._renew(request)
        if request.method == "DELETE":
            return await self._end(request)
        return Answer()

    # ---- sign in ------------------------------------------------------------------------------

    async def _sign_in(self, request: WebRequest) -> Answer:
        fields = self._body(request)
        provider = fields["provider"]
        app = await self._app(fields["appid"], provider)
        is_signed = self._is_signed(request, app)
        try:
            async with nullcontext() if is_signed else self._limits.attempt(app, request):
                session = await self._session(request, app, fields, is_signed=is_signed)
        except SignInError as error:
            logger.info("sign-in failed: %s", error.reason, extra={"appid": app.identifier})
            raise AnswerError(400, _failure(provider, error)) from error
        if session is None:
            raise AnswerError(400, _MISSING)
        return _told(app, session)

    async def _session(
        self, request: WebRequest, app: App, fields: Mapping[str, str], *, is_signed: bool
    ) -> Session | None:
        way = self._ways.get(fields["provider"].strip().lower())
        if way is None:
            raise SignInError(reason="there is no such provider")

        async def before_sign_up() -> None:
            if not is_signed:
                await self._limits.sign_up(app, request)

        presented = Presented(fields["token"], fields.get("code", ""), is_signed, before_sign_up)
        try:
            user = await way.user_of(app, presented)
        except TakenError as error:
            raise SignInError(reason=f"{error} is taken") from error
        return await self._sessions.start(app, user)

    def _body(self, request: WebRequest) -> dict[str, str]:
        body = request.raw.body
        if len(body) > self._max_body_bytes:
            raise AnswerError(400, "The request is too large.")
        try:
            fields = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            raise AnswerError(400, f"The body is not valid JSON: {error}") from error
        texts = {name: value for name, value in fields.items() if isinstance(value, str)}
        if not all(name in texts for name in _FIELDS):
            raise AnswerError(400, _MISSING)
        return texts

    async def _app(self, appid: str, provider: str) -> App:
        identifier = app_identifier(appid)
        if identifier == self._apps.root:
            raise AnswerError(403, _NEVER_ROOT.format(appid, provider))
        app = await self._apps.find(identifier)
        if app is None:
            raise AnswerError(400, f"User belongs to app '{appid}' which does not exist. ")
        _refuse_if_off(app, "POST")
        return app

    def _is_signed(self, request: WebRequest, app: App) -> bool:
        """Tell whether the app has signed the request; a wrong signature counts for none."""
        authorization = request.raw.headers.get(b"authorization", b"").strip()
        if classify(authorization, b"").kind is not CredentialKind.SIGNATURE:
            return False
        signed = self._gate.signatures.read(authorization, request.raw)
        if self._gate.identifier_of(signed) != app.identifier:
            return False
        now = self._sessions.now()
        return self._gate.judge(signed, app, request.raw, "jwt_auth", now).decision.is_allowed

    # ---- renew and end ------------------------------------------------------------------------

    async def _renew(self, request: WebRequest) -> Answer:
        refused = AnswerError(
            401, "User must reauthenticate.", [(b"www-authenticate", _INVALID.encode())]
        )
        found = await self._proved(request)
        if found is None:
            raise refused
        app, proof = found
        user = await self._users.find(app, proof.principal.userid)
        if user is None or not user.active:
            raise refused
        _refuse_if_off(app, "GET")
        if user.token_secret != _secret_of(proof):
            raise refused
        session = await self._sessions.renew(app, user)
        if session is None:
            raise refused
        return _told(app, session)

    async def _end(self, request: WebRequest) -> Answer:
        found = await self._proved(request)
        if found is None:
            challenge = [(b"www-authenticate", b"Bearer")]
            raise AnswerError(401, "Invalid or expired token.", challenge)
        app, proof = found
        await self._sessions.end_all(app, proof.principal.userid)
        message = f"All tokens revoked for user {proof.principal.userid}!"
        return _json({"code": 200, "message": message})

    async def _proved(self, request: WebRequest) -> tuple[App, Proof] | None:
        """Return what the request's user token proves; ``None`` for anything but a user."""
        authorization = request.header("authorization") or request.query.first("Authorization")
        if "Bearer" not in authorization:
            return None
        raw = authorization.strip()[len("Bearer") :].strip().encode("utf-8", "replace")
        proof = await self._gate.tokens.verify(raw, self._gate.lookup, self._sessions.now())
        if not isinstance(proof, Proof) or not proof.principal.is_user:
            return None
        app = await self._apps.find(proof.principal.appid)
        return None if app is None else (app, proof)


def _secret_of(proof: Proof) -> str | None:
    return proof.user.token_secret if proof.user is not None else None


def _refuse_if_off(app: App, method: str) -> None:
    refused = check_app(app, method)
    if refused is not None:
        raise AnswerError(refused.status, refused.message)


def _failure(provider: str, error: SignInError) -> str:
    if error.message == CODE_NEEDED:
        return f"Failed to authenticate user with '{provider}'. {CODE_NEEDED}"
    return f"Failed to authenticate user with '{provider}'. Check if user is active."


def _told(app: App, session: Session) -> Answer:
    """Answer with a token, and its user as it sees itself."""
    user, token = session.user, session.token
    own = Principal(Kind.USER, app.identifier, userid=user.id, groups=user.groups)
    jwt = {"access_token": token.token, "refresh": token.refresh_ms, "expires": token.expires_ms}
    return _json({"jwt": jwt, "user": hide(wire(user), own)})


def _json(value: object) -> Answer:
    return Answer(200, msgspec.json.encode(value), _JSON)


def json_error(error: AnswerError) -> Answer:
    """Return the envelope of a refusal, as this door sends it."""
    answer = error_answer(error.status, error.message, error.headers)
    answer.kind = _JSON
    return answer
