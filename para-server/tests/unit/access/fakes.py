"""Apps, users and objects of the size that access control needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .signer import APP_KEY

USER_KEY = "dXNlci10b2tlbi1zZWNyZXQtb2YtMzItYnl0ZXMtMDE="


@dataclass
class FakeApp:
    """An app whose every field a test may set."""

    identifier: str = "myapp"
    secret: str | None = APP_KEY
    active: bool = True
    read_only: bool = False
    resource_permissions: dict[str, Any] = field(default_factory=dict)
    datatypes: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"app:{self.identifier}"


@dataclass
class FakeUser:
    """A user whose every field a test may set."""

    id: str = "u1"
    groups: str = "users"
    active: bool = True
    token_secret: str | None = USER_KEY


@dataclass
class FakeObject:
    """An object that belongs to somebody, or to nobody."""

    id: str = "n1"
    type: str = "note"
    creatorid: str | None = None
    parentid: str | None = None


class FakeLookup:
    """Finds what a test put in, and counts how often it was asked."""

    def __init__(self, *apps: FakeApp, users: tuple[FakeUser, ...] = ()) -> None:
        self.apps = {app.identifier: app for app in apps}
        self.users = {user.id: user for user in users}
        self.asked: list[str] = []

    async def app(self, identifier: str) -> FakeApp | None:
        self.asked.append(identifier)
        return self.apps.get(identifier)

    async def user(self, identifier: str, userid: str) -> FakeUser | None:
        return self.users.get(userid) if identifier in self.apps else None
