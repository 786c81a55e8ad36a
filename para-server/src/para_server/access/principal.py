"""Who sends a request, as a signature or a token proved it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["NOBODY", "Kind", "Principal"]

ADMINISTRATORS = "admins"


class Kind(Enum):
    """The kinds of caller, which differ in what they may do."""

    APP = "app"
    USER = "user"
    GUEST = "guest"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one request.

    Attributes:
        kind: App, user, guest, or nobody.
        appid: The app that is called, without ``app:``; empty for nobody.
        is_root: Whether that app is the root app.
        userid: The user's id; empty for all other kinds.
        groups: The user's group: ``users``, ``mods`` or ``admins``.
        is_active: Whether the user is active; true for all other kinds.
        claims: The claims of the token that proved it; empty when it was a signature.
    """

    kind: Kind
    appid: str = ""
    is_root: bool = False
    userid: str = ""
    groups: str = ""
    is_active: bool = True
    claims: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_app(self) -> bool:
        """Whether this is the app itself, with its own keys."""
        return self.kind is Kind.APP

    @property
    def is_user(self) -> bool:
        """Whether this is a user of the app."""
        return self.kind is Kind.USER

    @property
    def is_guest(self) -> bool:
        """Whether this is a caller without credentials who named an app."""
        return self.kind is Kind.GUEST

    @property
    def is_admin(self) -> bool:
        """Whether this is a user who passes every permission check of the app."""
        return self.kind is Kind.USER and self.groups.lower() == ADMINISTRATORS


NOBODY = Principal(Kind.NOBODY)
"""The caller who names no app and shows nothing that proves one."""
