"""Names of types, and the ids and paths that are made from them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from para_core.remembering import remembered
from para_core.text import dashed, no_spaces, path_encode

__all__ = [
    "CORE_TYPES",
    "MAX_DATATYPES",
    "SINGULARS",
    "add_core_type",
    "app_id",
    "app_identifier",
    "clean_type",
    "object_uri",
    "plural_of",
    "registration_of",
    "registry_name",
    "tag_id",
    "tag_text",
]

_plurals = {
    "user": "users",
    "app": "apps",
    "tag": "tags",
    "vote": "votes",
    "sysprop": "sysprops",
    "linker": "linkers",
    "translation": "translations",
    "address": "addresses",
    "webhook": "webhooks",
    "form": "forms",
}
_singulars = {plural: singular for singular, plural in _plurals.items()}

CORE_TYPES: Mapping[str, str] = MappingProxyType(_plurals)
"""Plurals of the core types by their singular; those of plugins among them."""

SINGULARS: Mapping[str, str] = MappingProxyType(_singulars)
"""Core types by their plural."""

MAX_DATATYPES = 256  # default of para.max_datatypes_per_app
_LONGEST_REGISTERED = 255  # characters: every request of an app carries its types

_GENERIC = "sysprop"
_RESERVED = frozenset(["search", "utils", "para"])  # words of paths that no type may take
_APP_PREFIX = "app:"
_TAG_PREFIX = "tag:"
_PLAIN = re.compile(r"[A-Za-z0-9.\-*_]+")  # ids that stand in a path as they are
_KEPT_TYPES, _LONGEST_KEPT = 4096, 100  # types of all apps whose names are remembered


def add_core_type(kind: str) -> None:
    """Make a type one that every app knows: a plugin has a class for it."""
    _plurals[kind] = plural_of(kind)
    _singulars[_plurals[kind]] = kind


@remembered(most=_KEPT_TYPES, longest=_LONGEST_KEPT)
def plural_of(kind: str) -> str:
    """The plural of a type, by the rules clients share: ``city``, ``cities``; ``box``, ``boxs``.

    A type outside printable ASCII, or one that ends in ``es`` already, is its own plural.
    """
    is_word = kind.isascii() and kind.isprintable() and kind.strip()
    if not is_word or kind.endswith("es"):
        return kind
    if kind.endswith("s"):
        return kind + "es"
    return kind[:-1] + "ies" if kind.endswith("y") else kind + "s"


def clean_type(kind: str) -> str:
    """A type as it is stored: no ``#`` and ``/``, no leading underscores.

    Blank types and the words ``search``, ``utils`` and ``para`` become ``sysprop``.
    """
    if kind.isalnum() and kind.islower() and kind not in _RESERVED:
        return kind  # nearly always
    cleaned = kind.replace("#", "").replace("/", "").lstrip("_")
    return _GENERIC if not cleaned.strip() or cleaned.lower() in _RESERVED else cleaned


def registry_name(kind: str) -> str:
    """A type or plural as the list of an app's types shows it: ``My Type!`` gives ``my-type``."""
    return dashed(kind)


def registration_of(
    kind: str, datatypes: Mapping[str, str], limit: int = MAX_DATATYPES
) -> tuple[str, str] | None:
    """The entry, plural and singular, that a type adds to the types of an app.

    Args:
        kind: The type of a stored object.
        datatypes: Singulars by plural, as the app has them.
        limit: How many types an app may have.

    Returns:
        ``None`` when there is nothing to add: the type is known or a core type, its name has no
        letter or digit or is longer than 255 characters, or the app has reached the limit.
    """
    if len(kind) > _LONGEST_REGISTERED:
        return None
    plural, singular = registry_name(plural_of(kind)), registry_name(kind)
    known = plural in datatypes or plural in SINGULARS or len(datatypes) >= limit
    if known or not plural or not singular or singular in datatypes.values():
        return None
    return plural, singular


def tag_text(text: str | None) -> str:
    """The text of a tag: lower case, words joined by dashes, of symbols only ``+ # - .`` inside."""
    lowered = (text or "").strip().lower()
    start = next((at for at, char in enumerate(lowered) if not _is_leading(char)), len(lowered))
    spaced = (char if _is_in_tags(char) else " " for char in lowered[start:])
    return no_spaces("".join(spaced), "-")


def _is_leading(char: str) -> bool:
    """Whether a tag cannot start with this character."""
    return unicodedata.category(char)[0] in "SPCZ"


def _is_in_tags(char: str) -> bool:
    return char in "+#-." or unicodedata.category(char)[0] in "LN"


def tag_id(text: str | None) -> str:
    """The id of a tag, from its id or its text; ``tag:`` alone when nothing is left of it."""
    bare = text or ""
    if bare.startswith(_TAG_PREFIX):
        bare = bare.replace(_TAG_PREFIX, "")
    return _TAG_PREFIX + tag_text(bare)


def app_id(text: str | None) -> str | None:
    """The id of an app, from its id or its name; ``None`` when nothing is left of it."""
    identifier = app_identifier(text)
    return _APP_PREFIX + identifier if identifier else None


def app_identifier(text: str | None) -> str:
    """The identifier of an app, which is its id without ``app:``; empty when nothing is left.

    It has ASCII letters and digits in lower case, with single dashes between its words.
    """
    bare = text or ""
    if bare.startswith(_APP_PREFIX):
        bare = bare.replace(_APP_PREFIX, "")
    return dashed(bare.encode("ascii", "ignore").decode("ascii"))


def object_uri(kind: str, key: str | None = None) -> str:
    """The path of an object below ``/v1``: its plural and its id, each encoded as one segment.

    For a tag, ``key`` is its text. Without a key the path is the one of the type.
    """
    base = _type_uri(kind)
    if key is None or not key or key.isspace():
        return base
    if _PLAIN.fullmatch(key):
        return f"{base}/{key}"
    return f"{base}/{path_encode(key)}"


@remembered(most=_KEPT_TYPES, longest=_LONGEST_KEPT)
def _type_uri(kind: str) -> str:
    return "/" + path_encode(plural_of(kind))
