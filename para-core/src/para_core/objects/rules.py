"""What the fields of core types settle to, whatever is written into them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from para_core.currencies import currency_code
from para_core.objects.base import App, Form, Linker, ParaObject, Tag, User, Vote, Webhook
from para_core.objects.fields import Field
from para_core.text import DEFAULT_PICTURE, clean_user_name
from para_core.types import app_id, tag_id, tag_text

__all__ = ["SET_BY_RULE", "default_name", "set_field", "settle"]

SET_BY_RULE = frozenset({"id", "name", "tag", "tags", "type", "votes"})
_MOST_NOTIFIED = 10
_LONGEST_NAME = 255  # characters


def set_field(obj: ParaObject, name: str, field: Field, value: object) -> None:
    """Write one of the fields whose class has a rule for it; ``value`` is not ``None``."""
    if name == "type":
        return  # the type is settled before a body is read
    if isinstance(obj, Vote) and name in ("tags", "votes"):
        return
    converted = field.convert(value)
    if converted is None or (name == "name" and converted == ""):
        return
    if name == "id":
        _set_id(obj, converted)
    elif name == "tag" and isinstance(obj, Tag):
        obj.tag = tag_text(converted)
    else:
        setattr(obj, field.attribute, converted)


def _set_id(obj: ParaObject, key: str) -> None:
    if isinstance(obj, Tag):
        if not key.strip():
            return  # the tag makes it
        obj.id = tag_id(key)
        if obj.tag is None:
            obj.tag = obj.id.partition(":")[2]
    elif isinstance(obj, App):
        obj.id = app_id(key) or ""
    else:
        obj.id = key


def settle(obj: ParaObject) -> None:
    """Bring an object into the form that is stored; doing it again changes nothing."""
    if not obj.timestamp:
        obj.timestamp = None
    if not obj.updated:
        obj.updated = None
    _rule_of(type(obj))(obj)


@cache
def _rule_of(cls: type[ParaObject]) -> Callable[[Any], None]:
    """Return the rule of a class: its own or the one that it inherits."""
    return next((_RULES[base] for base in cls.__mro__ if base in _RULES), _leave)


def _leave(_: ParaObject) -> None:
    """Settle nothing."""


def _settle_user(user: User) -> None:
    if user.name is not None:
        user.name = clean_user_name(user.name)
    if user.email is not None:
        user.email = user.email.lower()
    if user.currency is not None:
        user.currency = currency_code(user.currency)
    if not user.groups.strip():
        user.groups = "users"
    if not (user.picture or "").strip():
        user.picture = DEFAULT_PICTURE


def _settle_tag(tag: Tag) -> None:
    if not tag.id and tag.tag:
        tag.id = tag_id(tag.tag)


def _settle_vote(vote: Vote) -> None:
    vote.type, vote.tags, vote.votes = "vote", [], 0
    if not vote.id and vote.creatorid and vote.parentid:
        vote.id = f"vote:{vote.creatorid}:{vote.parentid}"


def _settle_form(form: Form) -> None:
    form.notify_emails = form.notify_emails[:_MOST_NOTIFIED]
    form.markdown_enabled = form.markdown_enabled and not form.plaintext_only


def _settle_webhook(hook: Webhook) -> None:
    hook.repeated_delivery_attempts = abs(hook.repeated_delivery_attempts)
    if hook.triggered_event and hook.triggered_event.strip() and not hook.target_url:
        hook.target_url = "https://para"


def _settle_linker(link: Linker) -> None:
    if not link.name and link.type1 and link.type2:
        link.name = f"{link.type1}:{link.type2}"


_RULES: dict[type, Callable[[Any], None]] = {
    User: _settle_user,
    Tag: _settle_tag,
    Vote: _settle_vote,
    Form: _settle_form,
    Webhook: _settle_webhook,
    Linker: _settle_linker,
}


def default_name(obj: ParaObject) -> str:
    """Return the name of an object that was given none; its id is known by now."""
    name = f"Form #{obj.id}" if isinstance(obj, Form) else f"ParaObject {obj.id}"
    if isinstance(obj, User):
        name = clean_user_name(name)
    return name[:_LONGEST_NAME]
