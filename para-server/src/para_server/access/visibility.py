"""Which fields of an object a caller may see: one table, applied where objects are encoded.

What is hidden here is hidden in answers of every kind. In an index, a log, an event, a webhook's
payload or an error, all of it is left out, whoever caused it: ``without_secrets``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from para_core.objects.fields import HIDDEN
from para_server.access.principal import Principal

__all__ = ["hide", "needs_filter", "secret_fields", "without_secrets"]

_NO_FIELDS: frozenset[str] = frozenset()

_OF_NOBODY: Mapping[str, frozenset[str]] = HIDDEN | {"user": HIDDEN["user"] | {"password"}}
"""Shown to nobody."""

_OF_ITS_USER: Mapping[str, frozenset[str]] = {
    "user": frozenset(
        {"idpAccessToken", "idpIdToken", "idpRefreshToken", "twoFAbackupKeyHash", "twoFAkey"}
    )
}
"""Shown to the app's own keys, and to the user that the object is."""

_OF_THE_APP: Mapping[str, frozenset[str]] = {
    "app": frozenset({"resourcePermissions"}),  # a user may see its own entry: ``_permissions``
    "form": frozenset({"captchaSecretKey"}),
    # Identifiers of users are plain objects of this type. Their names can be changed, so the name
    # does not tell them from others; hash and tokens are hidden in all of the type.
    "sysprop": frozenset({"etoken", "etoken2", "lockedUntil", "password", "token"}).union(
        {"etokenIssued", "tokenIssued", "usedSignIns"}
    ),
    "webhook": frozenset({"secret"}),
}
"""Shown to the app's own keys only."""

_SECRETS: Mapping[str, frozenset[str]] = {
    kind: _OF_NOBODY.get(kind, _NO_FIELDS)
    | _OF_ITS_USER.get(kind, _NO_FIELDS)
    | _OF_THE_APP.get(kind, _NO_FIELDS)
    for kind in (*_OF_NOBODY, *_OF_ITS_USER, *_OF_THE_APP)
}


_FILTERED = frozenset({*_SECRETS, "linker"})  # links carry copies of objects; see ``ownership``


def needs_filter(kind: str, principal: Principal) -> bool:
    """Tell whether stored objects of a type have fields that this caller must not see.

    False means that their stored bytes can be sent as they are.
    """
    return kind in (_OF_NOBODY if principal.is_app else _FILTERED)


def hide(obj: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """Return an object, as JSON has it, without what this caller must not see.

    Args:
        obj: With its ``type`` and ``id``; hide first, select fields afterwards.
        principal: Who will read the answer.
    """
    hidden = _hidden(str(obj.get("type")), obj.get("id"), principal)
    return {name: value for name, value in obj.items() if name not in hidden}


def secret_fields(kind: str) -> frozenset[str]:
    """Return the fields of a type that leave the server in no index, event, log or error."""
    return _SECRETS.get(kind, _NO_FIELDS)


def without_secrets(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object, as JSON has it, without any secret."""
    secrets = secret_fields(str(obj.get("type")))
    return {name: value for name, value in obj.items() if name not in secrets}


def _hidden(kind: str, key: object, principal: Principal) -> frozenset[str]:
    if principal.is_app:
        return _OF_NOBODY.get(kind, _NO_FIELDS)
    if principal.is_user and kind == "user" and key == principal.userid:
        return _OF_NOBODY["user"]
    return _SECRETS.get(kind, _NO_FIELDS)
