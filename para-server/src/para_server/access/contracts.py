"""The little that access control needs to know of apps, users and objects.

The classes of ``para_core.objects`` fit these protocols; tests use smaller ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["AppLike", "Owned", "Permissions", "PermissionsOf", "UserLike"]

Permissions = Mapping[str, Mapping[str, list[str]]]
"""Flags by resource by subject: a user's id or ``*``. The order of resources has a meaning."""


class PermissionsOf(Protocol):
    """The part of an app that decides about permissions."""

    @property
    def resource_permissions(self) -> Mapping[str, Any]:
        """Flags by resource by subject, as stored; parts of another shape grant nothing."""

    @property
    def datatypes(self) -> Mapping[str, str]:
        """The types that objects of the app have registered: singulars by plural."""


class AppLike(PermissionsOf, Protocol):
    """An app."""

    @property
    def id(self) -> str:
        """The id with prefix: ``app:x``."""

    @property
    def identifier(self) -> str:
        """The id without prefix."""

    @property
    def secret(self) -> str | None:
        """The key of its signatures and tokens."""

    @property
    def active(self) -> bool:
        """Whether it answers at all."""

    @property
    def read_only(self) -> bool:
        """Whether it refuses writes."""


class UserLike(Protocol):
    """A user."""

    @property
    def id(self) -> str:
        """The id, unique in the app."""

    @property
    def groups(self) -> str:
        """``users``, ``mods`` or ``admins``."""

    @property
    def active(self) -> bool:
        """Whether the user may use the API."""

    @property
    def token_secret(self) -> str | None:
        """The user's part of the key of tokens; a new one revokes them all."""


class Owned(Protocol):
    """An object that may belong to somebody."""

    @property
    def id(self) -> str:
        """The id."""

    @property
    def type(self) -> str:
        """The type, singular."""

    @property
    def creatorid(self) -> str | None:
        """Who made it."""

    @property
    def parentid(self) -> str | None:
        """What it is a child of."""
