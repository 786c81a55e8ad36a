"""From the body that a client sends to a new object of an app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from para_core.errors import InvalidObjectError, UnusableBodyError
from para_core.objects import App, ParaObject, User
from para_core.objects.incoming import object_from
from para_core.objects.rules import default_name
from para_core.types import clean_type
from para_server.access.ownership import own_id
from para_server.access.principal import Principal
from para_server.services import hooks
from para_server.services.naming import safe_type
from para_server.services.validation import validate

if TYPE_CHECKING:
    from para_core.ids import IdGenerator
    from para_server.services.container import Clock

__all__ = ["Maker"]


class Maker:
    """Makes objects of bodies; nothing is stored here."""

    def __init__(self, ids: IdGenerator, clock: Clock) -> None:
        self._ids, self._clock = ids, clock

    def valid(self, app: App, caller: Principal, body: object) -> ParaObject | None:
        """Make an object of one body of a batch; ``None`` when it cannot be or breaks rules."""
        if not isinstance(body, dict):
            return None
        kind, key = body.get("type"), body.get("id")
        if not isinstance(kind, str | None) or not isinstance(key, str | None):
            return None
        try:
            obj = self.made(app, caller, kind or "sysprop", body)
            validate(obj, app, self._clock())
        except (UnusableBodyError, InvalidObjectError):
            return None
        return obj

    def made(
        self, app: App, caller: Principal, kind: str, body: Mapping[str, Any], *, key: str = ""
    ) -> ParaObject:
        """Make an object of a type with its id and its name.

        Args:
            app: The app.
            caller: Who makes it.
            kind: The type.
            body: What the caller says of it.
            key: The id that a path gives it, whatever the body says; a tag is named by it.

        Raises:
            UnusableBodyError: The body is no object of this type.
        """
        failure = f"Failed to {'overwrite' if key else 'create'} object."
        kind = safe_type(caller, kind)
        if kind == "app":
            raise UnusableBodyError(failure)
        given: dict[str, Any] = {"id": key} if key else {}
        if key and kind == "tag":
            given["tag"] = None
        if caller.is_user:
            given["creatorid"] = caller.userid
        try:
            obj = object_from({**body, **given} if given else body, kind)
        except UnusableBodyError as error:
            raise UnusableBodyError(failure) from error
        obj.appid = app.identifier
        if caller.is_user:
            obj.id = own_id(caller, app, obj.type, obj.id)
        if isinstance(obj, User):
            hooks.settle_new_user(obj, caller)
        if not obj.id.strip():
            obj.id = self._ids.next()
        if obj.name is None:
            obj.name = default_name(obj)
        return obj

    def finish(self, app: App, obj: ParaObject) -> ParaObject:
        """Give a valid object what it is stored with."""
        obj.type = clean_type(obj.type)
        obj.timestamp = obj.timestamp or self._clock()
        obj.appid = app.identifier
        return obj
