"""The question "may they?" for doors that are no HTTP: programs that embed Para, and tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from para_core.errors import ParaError
from para_server.access.authorize import authorize

if TYPE_CHECKING:
    from para_server.access.contracts import AppLike
    from para_server.access.decision import Decision
    from para_server.access.principal import Principal

__all__ = ["NotAllowedError", "demand"]


class NotAllowedError(ParaError):
    """The caller may not do this; ``decision`` has the status and the rule that decided."""

    code = "not-allowed"

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        super().__init__(decision.message)


def demand(principal: Principal, app: AppLike | None, method: str, *resources: str) -> None:
    """Ask ``authorize`` what a request of this method to one of these resources would be told.

    Args:
        principal: Who asks.
        app: The app of the principal as it is now.
        method: The HTTP method that does the same.
        *resources: Paths that do the same, without ``/v1/``; it is enough that one is open.

    Raises:
        NotAllowedError: The request would be refused.
    """
    decisions = [
        authorize(principal, app, method, resource, uri=f"/v1/{resource}") for resource in resources
    ]
    if not any(decision.is_allowed for decision in decisions):
        raise NotAllowedError(decisions[0])
