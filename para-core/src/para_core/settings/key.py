"""One configuration key: what it is called, what it means, and what holds when nobody sets it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, Unpack

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = [
    "NO_PLUGIN",
    "UNUSED",
    "Derived",
    "Key",
    "Kind",
    "category",
    "flag",
    "items",
    "number",
    "table",
    "text",
]

UNUSED = "nothing here; known so that existing files load"
NO_PLUGIN = "nothing yet; it would belong to "
"""In front of the name of an implementation that no plugin offers."""

Rule: TypeAlias = Literal["zero", "default", "strict"]
Switch: TypeAlias = Literal["true", "false"]


class Kind(Enum):
    """How the text of a value is understood; the value is the name that clients are shown."""

    TEXT = "String"
    FLAG = "Boolean"
    NUMBER = "Integer"
    ITEMS = "ConfigList"
    TABLE = "ConfigObject"


@dataclass(frozen=True, slots=True)
class Derived:
    """A default that depends on other keys or on the machine."""

    about: str
    compute: Callable[[Config], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A known key.

    ``rule`` says what an unreadable value means: ``zero`` and ``default`` are the conversions of
    the original, ``strict`` is an error at the start; keys of our own are strict. ``documented``
    is the default that the list of options publishes, where it differs. ``separator`` tells how a
    list is written as text; without one a list has no text form and lives in files only.
    """

    name: str
    kind: Kind
    default: str | Derived
    about: str
    category: str = ""
    used_by: str = ""
    documented: str | None = None
    rule: Rule = "zero"
    separator: str | None = None
    elements: tuple[str, ...] = ()
    restart: bool = False
    listed: bool = True
    at_least: int | None = None
    at_most: int | None = None

    @property
    def tags(self) -> list[str]:
        """The remarks beside the key in the list of options."""
        return ["requires restart"] if self.restart else []

    @property
    def usual(self) -> str:
        """The default as text for people: a value, or some words on where it comes from."""
        return self.default.about if isinstance(self.default, Derived) else self.default

    @property
    def published(self) -> str:
        """The default as the list of options tells it."""
        return self.usual if self.documented is None else self.documented


class Options(TypedDict, total=False):
    """What a declaration may add; see ``Key``."""

    used_by: str
    documented: str
    rule: Rule
    restart: bool
    listed: bool
    at_least: int
    at_most: int


def text(name: str, default: str | Derived, about: str, **more: Unpack[Options]) -> Key:
    """Declare a key whose value is taken verbatim."""
    return Key(name=f"para.{name}", kind=Kind.TEXT, default=default, about=about, **more)


def flag(name: str, default: Switch | Derived, about: str, **more: Unpack[Options]) -> Key:
    """Declare a key that is on for ``true`` in any letter case and off for anything else."""
    return Key(name=f"para.{name}", kind=Kind.FLAG, default=default, about=about, **more)


def number(name: str, default: int | Derived, about: str, **more: Unpack[Options]) -> Key:
    """Declare a whole number; its range counts with ``rule="strict"`` only."""
    usual = default if isinstance(default, Derived) else str(default)
    return Key(name=f"para.{name}", kind=Kind.NUMBER, default=usual, about=about, **more)


def items(
    name: str,
    default: Sequence[str],
    about: str,
    *,
    separator: str | None = ",",
    **more: Unpack[Options],
) -> Key:
    """Declare a list of texts.

    With the separator ``","`` white space belongs to the elements, with ``", "`` it does not.
    ``None`` makes it a list of the file, without a form for environment and command line.
    """
    return Key(
        name=f"para.{name}",
        kind=Kind.ITEMS if separator is None else Kind.TEXT,
        default=",".join(default),
        about=about,
        separator=separator,
        elements=tuple(default),
        **more,
    )


def table(name: str, about: str, **more: Unpack[Options]) -> Key:
    """Declare an object of the file; it has no form for environment and command line."""
    return Key(name=f"para.{name}", kind=Kind.TABLE, default="", about=about, **more)


def category(name: str, used_by: str, keys: Iterable[Key]) -> tuple[Key, ...]:
    """Put keys into a category; ``used_by`` holds for those that do not say it themselves."""
    return tuple(replace(key, category=name, used_by=key.used_by or used_by) for key in keys)
