"""What is special about writing users, apps and webhooks through the general object calls."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any

from para_core.objects import App, ParaObject, User, Webhook
from para_server.access.principal import Principal
from para_server.access.visibility import secret_fields
from para_server.services.users import UNPROVEN, is_unused

__all__ = [
    "allowed_changes",
    "is_trigger",
    "keeps_identity",
    "prepare",
    "settle_new_user",
    "settle_update",
    "standing_of",
    "triggered",
]

_IDENTITY = frozenset({"email", "identifier", "active", "groups"})
_SECOND_FACTOR = secret_fields("user") | {"twoFA"}


def allowed_changes(
    obj: ParaObject, caller: Principal, app: App, body: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the part of a PATCH that counts.

    Who a user is, is up to the app and to administrators; what lets it sign in besides, to the app
    and to itself. Clients send whole objects, so the rest counts. A switched-off app is switched on
    by the root app only, as every other caller is refused before.
    """
    del app
    if caller.is_app or not isinstance(obj, User):
        return body
    fixed: frozenset[str] = frozenset() if caller.is_admin else _IDENTITY
    if caller.userid != obj.id:
        fixed |= _SECOND_FACTOR
    return {name: value for name, value in body.items() if name not in fixed}


def settle_new_user(user: User, caller: Principal) -> None:
    """Take from a new user what only the server sets, whatever the body says.

    Nobody but the app vouches for its address.
    """
    user.token_secret, user.two_fa_step = None, 0
    user.verified_email = None if caller.is_app else ""
    if not (caller.is_app or caller.is_admin):
        user.groups = "users"


def keeps_identity(new: ParaObject, old: ParaObject, caller: Principal, method: str) -> bool:
    """Tell whether a new object may take the place of an old one; users stay who they are.

    What ``allowed_changes`` keeps from a change is kept here as well, so a user is overwritten with
    the identity it had, and made again by nobody: who signs up under the id of another would
    otherwise sign in to its account.

    Args:
        new: Takes over what must stay.
        old: What is stored.
        caller: Who sends it; not the app.
        method: Of the request: ``PUT`` overwrites, the others make.
    """
    if not isinstance(old, User) or caller.is_app:
        return True
    if not isinstance(new, User):
        return caller.is_admin
    if not caller.is_admin:
        if method != "PUT":
            return False
        new.email, new.identifier, new.verified_email = (
            old.email,
            old.identifier,
            old.verified_email,
        )
        new.active, new.groups = old.active, old.groups
    elif not is_unused(old):
        new.verified_email = UNPROVEN
    if caller.userid != old.id:
        new.two_fa, new.two_fa_key = old.two_fa, old.two_fa_key
        new.two_fa_backup_key_hash = old.two_fa_backup_key_hash
        new.idp_access_token, new.idp_id_token = old.idp_access_token, old.idp_id_token
        new.idp_refresh_token = old.idp_refresh_token
    return True


def standing_of(obj: ParaObject) -> tuple[bool, str | None]:
    """Return whether a user is active, and its address, to be compared after a change."""
    return (obj.active, obj.email) if isinstance(obj, User) else (False, None)


def is_trigger(hook: Webhook) -> bool:
    """Return whether this is no webhook to keep but an event to tell others of."""
    return bool((hook.triggered_event or "").strip()) and hook.custom_payload is not None


def triggered(hook: Webhook) -> Webhook:
    """Return the answer to an event: nothing of it is stored."""
    hook.id = f"triggered:{hook.triggered_event}"
    hook.name = "This webhook object is not persisted and should be discarded."
    hook.stored = hook.indexed = hook.cached = False
    hook.timestamp = None
    return hook


def prepare(hook: Webhook) -> None:
    """Bring a new webhook into its first state: a secret, and active if it wants any event."""
    if not (hook.secret or "").strip():
        hook.secret = base64.b64encode(secrets.token_bytes(32)).decode()
    wants = (
        hook.create,
        hook.update,
        hook.delete,
        hook.create_all,
        hook.update_all,
        hook.delete_all,
        hook.custom_events,
    )
    if any(wants):
        hook.active = True
    hook.triggered_event = hook.custom_payload = None


def settle_update(hook: Webhook) -> None:
    """Bring a changed webhook into order: switched on again, its failures are forgotten."""
    if hook.active:
        hook.too_many_failures = False
    hook.triggered_event = hook.custom_payload = None
