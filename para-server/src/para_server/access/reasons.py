"""Why a request is allowed or refused: the rule that decided, and the entry it found."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

__all__ = ["EVERYBODY", "Reason", "Rule"]

EVERYBODY = "*"
"""The subject whose entries hold for every user of an app."""


class Rule(Enum):
    """The rules, by the names that explanations give; ``about`` says what each means."""

    APP = "app"
    ADMINISTRATOR = "administrator"
    ME = "me"
    QUESTION = "question"
    EXACT = "exact"
    ABOVE = "above"
    ALL = "all"
    PROFILE = "profile"
    OWN = "own"
    APP_OBJECT = "app-object"
    GUEST = "guest"
    CLOSED = "closed-to-guests"
    APPS_ONLY = "apps-only"
    MANAGEMENT = "management"
    ROOT = "root"
    NOTHING = "nothing"
    EMPTY = "no-permissions"
    BLANK = "blank"
    INACTIVE_APP = "inactive-app"
    READ_ONLY_APP = "read-only-app"
    NO_APP = "no-app"
    INACTIVE_USER = "inactive-user"
    NOBODY = "nobody"

    @property
    def about(self) -> str:
        """What the rule says, as the end of a sentence."""
        return _ABOUT[self]


_ABOUT = {
    Rule.APP: "an app may do anything with what is its own",
    Rule.ADMINISTRATOR: "users in the group admins need no permission",
    Rule.ME: "everybody who is known may ask who it is",
    Rule.QUESTION: "what one may do, and what everybody may do, is no secret",
    Rule.EXACT: "an entry for exactly this path decides alone",
    Rule.ABOVE: "an entry for what lies above the path counts for it",
    Rule.ALL: "an entry for * counts for all paths that have none of their own",
    Rule.PROFILE: "users may read, change and delete their own profile",
    Rule.OWN: "with the flag OWN, users touch what they made, what is part of it, and no more",
    Rule.APP_OBJECT: "an object that is an app is touched by this app and by the root app",
    Rule.GUEST: "guests need the flag ? where the method is granted",
    Rule.CLOSED: "guests never manage an app, whatever is granted",
    Rule.APPS_ONLY: "only an app with its own keys may do this",
    Rule.MANAGEMENT: "* does not open what manages the app; an entry must name it",
    Rule.ROOT: "permissions open nothing in the root app",
    Rule.NOTHING: "no entry grants it",
    Rule.EMPTY: "the app has no permissions at all, so only its own keys open it",
    Rule.BLANK: "there is no path or no method",
    Rule.INACTIVE_APP: "the app is not active, which holds for every caller",
    Rule.READ_ONLY_APP: "the app is in read-only mode, which holds for every caller",
    Rule.NO_APP: "there is no such app",
    Rule.INACTIVE_USER: "the user is not active",
    Rule.NOBODY: "a caller who proves nothing and names no app may see what is public",
}


class Reason(NamedTuple):
    """What decided about a request.

    ``subject`` and ``resource`` name the entry of the permissions that was looked at, and ``flags``
    are what it holds; the first two are empty where no entry had a part in it.
    """

    rule: Rule
    subject: str = ""
    resource: str = ""
    flags: Sequence[str] = ()

    @property
    def has_entry(self) -> bool:
        """Whether an entry of the permissions had a part in it."""
        return bool(self.resource)

    @property
    def text(self) -> str:
        """The reason in a sentence for people."""
        if not self.has_entry:
            return f"{self.rule.about}."
        whose = "everybody" if self.subject == EVERYBODY else f"the user {self.subject}"
        held = ", ".join(self.flags) if isinstance(self.flags, list | tuple) else ""
        entry = f'the entry "{self.resource}" of {whose} holds {held or "nothing"}'
        return f"{entry}; {self.rule.about}."
