"""What is answered when access is refused: status and exact message, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from para_server.access.reasons import Reason, Rule
from para_server.access.signing import SigningFault

__all__ = [
    "ALLOWED",
    "APP_NOT_FOUND",
    "NOT_AN_APP",
    "UNKNOWN_TO_ME",
    "Decision",
    "allowed",
    "api_disabled",
    "app_inactive",
    "app_read_only",
    "forbidden",
    "signature_refused",
    "unauthenticated",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to "may they?".

    Attributes:
        status: 200 when allowed; else the status of the answer.
        message: For the error envelope. An empty message with another status than 200 means an
            answer without a body, which only ``GET /v1/_me`` gives.
        reason: The rule that decided; ``None`` where a signature is wrong. It never shows in the
            answer itself.
    """

    status: int
    message: str = ""
    reason: Reason | None = field(default=None, compare=False)

    @property
    def is_allowed(self) -> bool:
        """Whether the request goes on."""
        return self.status == _OK


_OK = 200
_DENIAL = "You don't have permission to access this resource."
_FULL = "Full authentication is required to access this resource"

ALLOWED = Decision(_OK)
APP_NOT_FOUND = Decision(404, "App not found.", Reason(Rule.NO_APP))
NOT_AN_APP = Decision(401, "Not an app.", Reason(Rule.APPS_ONLY))
UNKNOWN_TO_ME = Decision(401)


def allowed(reason: Reason) -> Decision:
    """Let a request go on."""
    return Decision(_OK, reason=reason)


def api_disabled() -> Decision:
    """Refuse a request that names no app while ``para.api_enabled`` is false."""
    return Decision(403, "Para API is disabled.")


def unauthenticated(method: str, uri: str) -> Decision:
    """Refuse a caller who proved nothing, or a user who is not active."""
    return Decision(401, f"{_DENIAL} [{method} {uri}]")


def forbidden(userid: str, method: str, uri: str, reason: Reason | None = None) -> Decision:
    """Refuse a user, or a guest (no id), who has no permission."""
    message = f"{_DENIAL} [user: {userid or '[GUEST]'}, resource: {method} {uri}]"
    return Decision(403, message, reason)


def app_inactive(app_id: str) -> Decision:
    """Refuse every caller of an app that is switched off; ``app_id`` with its prefix."""
    return Decision(403, f"App not active. [{app_id}]", Reason(Rule.INACTIVE_APP))


def app_read_only(app_id: str) -> Decision:
    """Refuse a write to an app in read-only mode; ``app_id`` with its prefix."""
    message = f"App is in read-only mode. [{app_id}]"
    return Decision(403, message, Reason(Rule.READ_ONLY_APP))


def signature_refused(
    fault: SigningFault, method: str, uri: str, *, identifier: str = ""
) -> Decision:
    """Refuse a signed request; ``identifier`` is the app's, without prefix."""
    match fault:
        case SigningFault.EXPIRED:
            return Decision(400, "Request has expired.")
        case SigningFault.UNUSABLE:
            return Decision(401, _FULL)
        case SigningFault.MISMATCH:
            return Decision(
                403, f"Invalid signature for request {method} {uri} coming from app {identifier}"
            )
