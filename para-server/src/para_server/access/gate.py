"""The gate: who sends a request, and may it go on? The steps in their one order.

Signed requests: date, app, state of the app, signature. Tokens: token, then as everybody. Then
``authorize``. Nothing that fails here lets a request go on; an error of a look-up is the caller's
to answer, and ends the request as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from para_core.types import app_identifier
from para_server.access.authorize import authorize, check_app
from para_server.access.bounded import BoundedDict
from para_server.access.classify import Credential, CredentialKind, classify
from para_server.access.contracts import AppLike, UserLike
from para_server.access.decision import (
    APP_NOT_FOUND,
    Decision,
    api_disabled,
    signature_refused,
)
from para_server.access.principal import NOBODY, Kind, Principal
from para_server.access.refusals import explain
from para_server.access.request import RawRequest
from para_server.access.signing import Signed, Verifier, read_presigned
from para_server.access.tokens import Lookup, Proof, TokenFault, TokenVerifier

__all__ = ["Admission", "Gate"]

_UNUSABLE = TokenFault.UNUSABLE.value
_KNOWN_SIGNER = Credential(CredentialKind.SIGNATURE)


@dataclass(frozen=True, slots=True)
class Admission:
    """What the gate found out about a request.

    Attributes:
        decision: Whether it goes on, or what is answered.
        principal: Who sends it; nobody when that was not proved.
        app: The principal's app.
        user: The principal's user.
        challenge: The header ``WWW-Authenticate`` of the answer, also of a good one; empty when a
            token was accepted.
    """

    decision: Decision
    principal: Principal = NOBODY
    app: AppLike | None = None
    user: UserLike | None = None
    challenge: str = _UNUSABLE


class Gate:
    """Admits requests to the API. Use one per process, from the loop's thread."""

    def __init__(
        self,
        lookup: Lookup,
        *,
        root: str,
        window_sec: int = 900,
        is_api_enabled: bool = True,
        capacity: int = 4096,
    ) -> None:
        """Start with nothing remembered.

        Args:
            lookup: Finds apps and users.
            root: The identifier of the root app.
            window_sec: How far the date of a signed request may lie off.
            is_api_enabled: False answers callers who name no app that there is no API.
            capacity: How many clients, keys, dates and tokens are remembered, each.
        """
        self.lookup = lookup
        self.root = root
        self.is_api_enabled = is_api_enabled
        self.signatures = Verifier(window_sec=window_sec, capacity=capacity)
        self.tokens = TokenVerifier(root=root, capacity=capacity)
        self.explains = False  # refused signatures, in the log
        self.on_root: Callable[[], None] | None = None  # hears that the root app's keys are in use
        self._signers: BoundedDict[str, Principal] = BoundedDict(capacity)

    async def admit(self, request: RawRequest, resource: str, now: float) -> Admission:
        """Find out who sends a request to the API and whether it may go on.

        Args:
            request: The request as it came in.
            resource: What ``resources.resource_of`` gives for its path.
            now: Seconds since the epoch.
        """
        found = self._credential(request, resource)
        if isinstance(found, Credential):
            return await self._admit_unsigned(found, request, resource, now)
        app = await self._app(self.identifier_of(found))
        return self.judge(found, app, request, resource, now)

    async def refuse_without_body(
        self, request: RawRequest, resource: str, now: float
    ) -> Admission | None:
        """Return the refusal that a request gets whatever its body is.

        Anybody can send a large body, so ask this before one is read. It does not replace
        ``admit``, which is asked when the body is there.

        Returns:
            ``None`` when there is no such refusal. That proves nothing: the signature, which
            covers the body, was not looked at.
        """
        found = self._credential(request, resource)
        if isinstance(found, Credential):
            admission = await self._admit_unsigned(found, request, resource, now)
            return None if admission.decision.is_allowed else admission
        app = await self._app(self.identifier_of(found))
        refused = self._refusal_of_head(found, app, request, now)
        return None if refused is None else Admission(refused)

    def _credential(self, request: RawRequest, resource: str) -> Signed | Credential:
        """Return what a signed request claims, or the other credential of a request."""
        authorization = request.headers.get(b"authorization", b"").strip()
        is_me = request.method == "GET" and resource.rstrip("/") == "_me"
        found = (
            _KNOWN_SIGNER
            if self.signatures.knows(authorization)
            else classify(authorization, request.query, takes_parameter=is_me)
        )
        if found.kind is CredentialKind.SIGNATURE:
            return self.signatures.read(authorization, request)
        return read_presigned(request.query) if found.kind is CredentialKind.PRESIGNED else found

    def identifier_of(self, signed: Signed) -> str:
        """Return the identifier of the app that a signed request names."""
        known = self._signers.get(signed.claim.access_key)
        return known.appid if known else app_identifier(signed.claim.access_key)

    def judge(
        self, signed: Signed, app: AppLike | None, request: RawRequest, resource: str, now: float
    ) -> Admission:
        """Decide about a signed request once its app was looked up; waits for nothing."""
        refused = self._refusal_of_head(signed, app, request, now)
        if refused is not None or app is None:
            return Admission(refused or APP_NOT_FOUND)
        method, uri = request.method, request.path.decode(errors="replace")
        fault = self.signatures.check(signed, app.secret or "", request)
        if fault is not None:
            if self.explains:
                explain(fault, signed, request)
            refused = signature_refused(fault, method, uri, identifier=app.identifier)
            return Admission(refused)
        principal = self._signer(signed.claim.access_key, app.identifier)
        return Admission(authorize(principal, app, method, resource, uri=uri), principal, app)

    def _refusal_of_head(
        self, signed: Signed, app: AppLike | None, request: RawRequest, now: float
    ) -> Decision | None:
        """Return what is wrong with a signed request besides its signature."""
        fault = self.signatures.check_date(signed, request.query, now)
        if fault is not None:
            if self.explains:
                explain(fault, signed, request)
            uri = request.path.decode(errors="replace")
            return signature_refused(fault, request.method, uri)
        return APP_NOT_FOUND if app is None else check_app(app, request.method)

    def _signer(self, access_key: str, identifier: str) -> Principal:
        known = self._signers.get(access_key)
        if known is None or known.appid != identifier:
            known = Principal(Kind.APP, identifier, is_root=identifier == self.root)
            self._signers.remember(access_key, known)
            self._hear(known)
        return known

    def _hear(self, principal: Principal) -> None:
        if principal.is_app and principal.is_root and self.on_root is not None:
            self.on_root()

    async def _app(self, identifier: str) -> AppLike | None:
        return await self.lookup.app(identifier) if identifier else None

    async def _admit_unsigned(
        self, found: Credential, request: RawRequest, resource: str, now: float
    ) -> Admission:
        method, uri = request.method, request.path.decode(errors="replace")
        if found.kind is CredentialKind.TOKEN:
            proof = await self.tokens.verify(found.token, self.lookup, now)
            if isinstance(proof, Proof):
                self._hear(proof.principal)
                decision = authorize(proof.principal, proof.app, method, resource, uri=uri)
                return Admission(decision, proof.principal, proof.app, proof.user, challenge="")
            decision = authorize(NOBODY, None, method, resource, uri=uri)
            return Admission(decision, challenge=proof.value)
        if found.kind is CredentialKind.GUEST:
            return await self._admit_guest(found.access_key, method, resource, uri)
        decision = authorize(NOBODY, None, method, resource, uri=uri)
        return Admission(decision if self.is_api_enabled else api_disabled())

    async def _admit_guest(self, key: str, method: str, resource: str, uri: str) -> Admission:
        identifier = app_identifier(key)
        app = await self._app(identifier)
        principal = Principal(Kind.GUEST, identifier, is_root=identifier == self.root)
        return Admission(authorize(principal, app, method, resource, uri=uri), principal, app)
