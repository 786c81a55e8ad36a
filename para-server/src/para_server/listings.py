"""What ``para-server plugins`` and ``para-server config`` print."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from para_core.errors import PluginError
from para_core.selection import FAMILIES
from para_core.settings import Key, Kind
from para_core.settings.unknown import unknown_keys
from para_core.settings.values import REDACTED, is_secret, shown

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.discovery import Plugin
    from para_core.plugins import Plugins

__all__ = ["plugins", "settings"]

_HEAD = ("PLUGIN", "VERSION", "SOURCE", "HOOK", "OFFERS", "SELECTED BY")


def plugins(found: Plugins, config: Config) -> tuple[list[str], list[str]]:
    """Return a table with a line for each hook of each plugin, and what keeps the start away."""
    chosen: dict[str, tuple[str, str]] = {}
    failures = []
    for family in FAMILIES:
        try:
            offer = found.selected(family, config)
        except PluginError as error:
            failures.append(str(error))
        else:
            chosen[family.hook] = (offer.by, f"{family.key} = {offer.name}")
    rows: list[Sequence[str]] = [_HEAD]
    for plugin in found.found:
        rows += _rows(plugin, found, chosen)
    return _table(rows), failures


def _rows(
    plugin: Plugin, found: Plugins, chosen: dict[str, tuple[str, str]]
) -> Iterator[tuple[str, ...]]:
    names = {
        family.hook: ", ".join(o.name for o in found.offers(family) if o.by == str(plugin))
        for family in FAMILIES
    }
    start = (plugin.distribution, plugin.version, plugin.source)
    for hook in found.hooks_of(plugin) or ["none"]:
        by, selected = chosen.get(hook, ("", ""))
        yield (*start, hook, names.get(hook, ""), selected if by == str(plugin) else "")
        start = ("", "", "")


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def settings(config: Config) -> list[str]:
    """Return every key with value, source and meaning, as HOCON with comments; no secrets."""
    lines: list[str] = []
    category = ""
    for key in _by_category(config):
        if key.category != category:
            category = key.category
            lines += [f"# ---- {category} ----", ""]
        lines += [f"# {key.about}".rstrip(), f"# used by: {key.used_by}"]
        lines += [f"{key.name} = {_value(key, config)}  # {config.source_of(key.name)}", ""]
    return lines + [f"# {line}" for line in unknown_keys(config)]


def _by_category(config: Config) -> list[Key]:
    """Return the keys with those of one category together, wherever they were registered."""
    order: dict[str, int] = {}
    for key in config.known_keys():
        order.setdefault(key.category, len(order))
    return sorted(config.known_keys(), key=lambda key: order[key.category])


def _value(key: Key, config: Config) -> str:
    if key.kind in (Kind.ITEMS, Kind.TABLE) or key.separator:
        value = config.raw(key.name) if key.kind is Kind.TABLE else config.items(key.name)
        text = json.dumps({} if value is None else value, ensure_ascii=False)
        return REDACTED if is_secret(key.name, "") else text
    text = shown(key.name, config.text(key.name), key)
    if key.kind in (Kind.NUMBER, Kind.FLAG) or text == REDACTED:
        return text
    return json.dumps(text, ensure_ascii=False)
