"""Keys of the files that nobody knows: most of them are misspelled."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from para_core.settings.key import Kind

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["unknown_keys"]


def unknown_keys(config: Config) -> Iterator[str]:
    """Describe each key below ``para`` that a file sets and nobody registered, one line each."""
    known = {key.name for key in config.known_keys()}
    tables = tuple(f"{key.name}." for key in config.known_keys() if key.kind is Kind.TABLE)
    for file in config.files:
        below = file.find("para")
        for name in _leaves("para", below) if isinstance(below, dict) else ():
            if name in known or name.startswith(tables):
                continue
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            hint = f"; did you mean {close[0]}?" if close else ""
            yield f"{file.place_of(name)}: {name} is no known key{hint}"


def _leaves(prefix: str, tree: Mapping[str, object]) -> Iterator[str]:
    for name, value in tree.items():
        key = f"{prefix}.{name}"
        if isinstance(value, dict) and value:
            yield from _leaves(key, value)
        elif value is not None:
            yield key
