"""The list of options that ``GET /v1/_config/options`` answers: every documented key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import msgspec

from para_core.settings import KNOWN, Key

__all__ = ["render_options"]

_BARE = re.compile(r"[\w.-]+")  # needs no quotes in HOCON
_TABLE_HEAD = (
    "| Property key & Description | Default Value | Type |\n"
    "|  ---                       | ---           | ---  |\n"
)


def render_options(
    wanted: str | None, group: str | None, keys: Iterable[Key] = KNOWN.values()
) -> tuple[str, bytes]:
    """Return content type and body for the parameters ``format`` and ``groupby``.

    The text in HOCON, used as a configuration file, changes nothing: what it cannot tell, such as a
    default that depends on the machine, is a comment. The letter case of the format does not matter
    for the type, but only the lower-case words have a text.
    Source: Para 1.54, ``GET /v1/_config/options``.

    Args:
        wanted: ``json`` (also when it is absent or blank), ``hocon`` or ``markdown``; anything else
            gives an empty text.
        group: ``category`` (also when it is absent) for groups; anything else for one flat list.
        keys: The registered keys; those that are not listed are left out.
    """
    listed = [key for key in keys if key.listed]
    is_grouped = group is None or group == "category"
    name = (wanted or "").strip()
    match name.lower():
        case "" | "json":
            return "application/json", msgspec.json.encode(_tree(listed, is_grouped=is_grouped))
        case "hocon":
            text = _hocon(listed, is_grouped=is_grouped) if name == "hocon" else ""
            return "application/hocon", text.encode()
        case "markdown":
            text = _markdown(listed, is_grouped=is_grouped) if name == "markdown" else ""
            return "text/markdown", text.encode()
    return "text/plain", b""


def _categories(keys: list[Key], *, is_grouped: bool) -> Iterator[tuple[str, list[Key]]]:
    if not is_grouped:
        yield "", keys
        return
    for category, members in groupby(keys, key=lambda key: key.category):
        yield category, list(members)


def _tree(keys: list[Key], *, is_grouped: bool) -> Mapping[str, object]:
    grouped = {
        category: {
            key.name: {
                "description": key.about,
                "defaultValue": key.published,
                "type": key.kind.value,
                "tags": ",".join(key.tags),
            }
            for key in members
        }
        for category, members in _categories(keys, is_grouped=is_grouped)
    }
    return grouped if is_grouped else grouped[""]


def _markdown(keys: list[Key], *, is_grouped: bool) -> str:
    parts = []
    for category, members in _categories(keys, is_grouped=is_grouped):
        head = f"## {category[:1].upper()}{category[1:]}\n\n" if category else ""
        parts.append(head + _TABLE_HEAD + "".join(map(_row, members)))
    return "\n".join(parts)


def _row(key: Key) -> str:
    tags = "".join(f" <kbd>{tag}</kbd>" for tag in key.tags)
    usual = key.published or " "
    return f"|`{key.name}`{tags}<br>{key.about} | `{usual}` | `{key.kind.value}`|\n"


def _hocon(keys: list[Key], *, is_grouped: bool) -> str:
    parts = []
    for category, members in _categories(keys, is_grouped=is_grouped):
        head = f"#############  {category.upper()}  #############\n\n" if category else ""
        parts.append(head + "".join(map(_setting, members)))
    return "\n".join(parts)


def _setting(key: Key) -> str:
    """Return the lines of a key; it is set where that says what holds anyway, else a comment."""
    tags = "".join(f"[{tag}] " for tag in key.tags)
    value = key.published
    written = value if _BARE.fullmatch(value) else msgspec.json.encode(value).decode()
    mark = "" if value and value == key.default else "# "
    about = " ".join(key.about.split())
    return f"# {about}[type: {key.kind.value}] {tags}\n{mark}{key.name} = {written}\n"
