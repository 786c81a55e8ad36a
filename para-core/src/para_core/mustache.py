"""Texts with places in double braces, in the language of Mustache.

``{{name}}`` is a value, ``{{#name}}…{{/name}}`` stands once for each item of a list, or once where
the value is true, ``{{^name}}…{{/name}}`` where it is not; ``{{! note}}`` stands for nothing.
Names may lead into maps (``user.name``), and ``.`` is the item itself. There are no partials.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from para_core.text import is_blank, text_of

__all__ = ["TemplateError", "fill_template"]

_TAG = re.compile(r"\{\{(?:\{([^{}]*)\}\}\}|([#^/!&]?)([^{}]*)\}\})")
_ALONE = re.compile(r"^[ \t]*(\{\{[#^/!][^{}]*\}\})[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_MAX_DEPTH = 50  # sections inside each other


class TemplateError(ValueError):
    """A section is not closed, or closed where it was not open, or there are too many levels."""


@dataclass(slots=True)
class _Section:
    """A part of a template: texts, values (name, and whether it is raw), and sections."""

    name: str = ""
    is_inverted: bool = False
    parts: list[str | tuple[str, bool] | _Section] = field(default_factory=list)


def fill_template(
    template: str | None, values: Mapping[str, object] | None, *, escapes: bool = False
) -> str:
    """Return a template with its places filled; a name without a value stands for nothing.

    Args:
        template: Missing or blank gives an empty text.
        values: By name; without any the text is empty.
        escapes: Whether values are made safe for HTML; ``{{{name}}}`` and ``{{&name}}`` never are.

    Raises:
        TemplateError: The sections do not fit together.
    """
    if values is None or template is None or is_blank(template):
        return ""
    return "".join(_filled(_parsed(template), [values], escapes=escapes))


def _parsed(template: str) -> _Section:
    text = _ALONE.sub(r"\1", template)  # a line with nothing but a section's end is no line
    open_ones, at = [_Section()], 0
    for tag in _TAG.finditer(text):
        open_ones[-1].parts.append(text[at : tag.start()])
        at = tag.end()
        _take(tag, open_ones)
    if len(open_ones) > 1:
        raise TemplateError(f"the section {open_ones[-1].name!r} has no end")
    open_ones[0].parts.append(text[at:])
    return open_ones[0]


def _take(tag: re.Match[str], open_ones: list[_Section]) -> None:
    raw, sign, rest = tag.groups()
    name = (rest if raw is None else raw).strip()
    if raw is not None or sign in ("", "&"):
        open_ones[-1].parts.append((name, raw is not None or sign == "&"))
    elif sign == "/":
        if len(open_ones) == 1 or open_ones[-1].name != name:
            raise TemplateError(f"the section {name!r} ends where it is not open")
        open_ones.pop()
    elif sign != "!":
        if len(open_ones) > _MAX_DEPTH:
            raise TemplateError(f"more than {_MAX_DEPTH} sections inside each other")
        section = _Section(name, sign == "^")
        open_ones[-1].parts.append(section)
        open_ones.append(section)


def _filled(section: _Section, scopes: Sequence[object], *, escapes: bool) -> Iterator[str]:
    for part in section.parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, tuple):
            name, is_raw = part
            value = _value(name, scopes)
            text = "" if value is None else text_of(value)
            yield escape(text) if escapes and not is_raw else text
        else:
            for scope in _scopes_of(part, _value(part.name, scopes)):
                yield from _filled(part, [*scopes, scope], escapes=escapes)


def _scopes_of(section: _Section, value: object) -> Sequence[object]:
    """Return what a section is filled with, once for each; none where it does not count."""
    if section.is_inverted:
        return () if value else ({},)
    if not value:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _value(name: str, scopes: Sequence[object]) -> object:
    if name == ".":
        return scopes[-1]
    first, *rest = name.split(".")
    holders = (scope for scope in reversed(scopes) if isinstance(scope, Mapping) and first in scope)
    value: object = next(holders, {}).get(first)
    for step in rest:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
