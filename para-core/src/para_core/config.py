"""The configuration of one process: what was set, where, and what holds otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from msgspec import Struct

from para_core.configfiles import ConfigFile, read_config_file
from para_core.errors import ConfigError
from para_core.settings import KNOWN, Derived, Key, Kind
from para_core.settings.values import as_integer, as_text, split_items

__all__ = ["Config", "load_config", "parse_assignment"]

SectionT = TypeVar("SectionT", bound=Struct)

_STRUCTURED = (Kind.ITEMS, Kind.TABLE)
_ALIASES = {
    # what the original reads from the Java platform's own properties
    "server.address": "para.address",
    "server.port": "para.port",
    "server.servlet.context-path": "para.context_path",
}


class Config:
    """Values of keys, found in this order: overrides, environment, files, default of the key.

    The environment is asked for ``PARA_A_B``, then ``para_a_b``. Blank overrides and variables
    hide nothing; an empty text in a file does. Nothing is read again: a configuration stays as it
    was when it was made, so it can be shared by everything in the process.
    """

    def __init__(
        self,
        overrides: Mapping[str, object] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        files: Sequence[ConfigFile] = (),
        keys: Mapping[str, Key] = KNOWN,
    ) -> None:
        self.overrides: Mapping[str, object] = MappingProxyType(dict(overrides or {}))
        self.environ: Mapping[str, str] = MappingProxyType(dict(environ or {}))
        self.files = tuple(files)
        self._keys = dict(keys)

    # ---- values ------------------------------------------------------------------------------

    def text(self, key: str, default: str | None = None) -> str:
        """Return a value as text, verbatim.

        Args:
            key: The whole name, such as ``para.port``.
            default: For keys that nobody registered; a registered key has its own.

        Raises:
            ConfigError: The value is a list or an object, or the key is unknown and has no default.
        """
        found = self._found(key)
        if found is None:
            return self._default(key, default)
        value, place = found
        text = as_text(value)
        if text is None and isinstance(value, list) and self._separator(key):
            return ",".join(self._elements(key, value, place))
        if text is None:
            raise ConfigError(f"{place}: {key} is one value, not a list or an object")
        return text

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """Return whether a value is ``true`` in any letter case; anything else is false."""
        text = self.text(key, None if default is None else str(default).lower()).lower()
        if text not in ("true", "false") and self._rule(key) == "strict":
            raise ConfigError(f"{self._place(key)}: {key} is true or false, not {text!r}")
        return text == "true"

    def number(self, key: str, default: int | None = None) -> int:
        """Return a value as a whole number.

        What cannot be read as one is 0, or the default of the key where the original does so.

        Raises:
            ConfigError: The key is one of our own, and its value is no number or out of range.
        """
        text = self.text(key, None if default is None else str(default))
        value, known = as_integer(text), self._keys.get(key)
        if known is not None and known.rule == "strict":
            return self._in_range(known, value)
        if value is None and known is not None and known.rule == "default":
            value = as_integer(self._default(key, None))
        return value or 0

    def items(self, key: str) -> list[str]:
        """Return a list of texts: a list of the file, or text with commas where the key allows it.

        Raises:
            ConfigError: The value is neither, or has elements other than scalars.
        """
        found = self._found(key)
        if found is None and key in self._keys:
            return list(self._keys[key].elements)
        value, place = found or ("", "")
        if isinstance(value, list):
            return self._elements(key, value, place)
        text, separator = as_text(value), self._separator(key)
        if text is None or (text.strip() and separator is None):
            raise ConfigError(f'{place}: {key} is a list, such as ["one", "two"]')
        return split_items(text, separator or ",")

    def raw(self, key: str) -> object:
        """Return what a file says, or an override, unconverted; ``None`` when nothing does."""
        found = self._found(key)
        return None if found is None else found[0]

    def section(self, prefix: str, kind: type[SectionT]) -> SectionT:
        """Return the keys below a prefix as one Struct: fields are keys, defaults are defaults.

        Args:
            prefix: Without a dot at its end, such as ``para.sql``.
            kind: Its fields are texts, switches, numbers or lists; ``Meta`` holds their ranges.

        Raises:
            ConfigError: A value does not fit its field, or a file has a key below the prefix that
                nobody knows while ``kind`` forbids unknown fields.
        """
        from para_core.settings.sections import read_section  # few processes read none

        return read_section(self, prefix, kind)

    # ---- about values ------------------------------------------------------------------------

    def is_set(self, key: str) -> bool:
        """Whether the environment, a file or an override gives a value, so no default holds."""
        return self._found(key) is not None

    def source_of(self, key: str) -> str:
        """Say where a value comes from: ``--set``, ``environment PARA_PORT``, a file, or a default.

        For files the place has the line too, when it can be told.
        """
        return self._place(key)

    def known_keys(self) -> list[Key]:
        """Return the registered keys in the order in which they are listed."""
        return list(self._keys.values())

    def key(self, name: str) -> Key | None:
        """Return the registration of a key."""
        return self._keys.get(name)

    def names_below(self, prefix: str) -> set[str]:
        """Return the first parts of the keys that files and overrides have below a prefix."""
        start = f"{prefix}."
        names = {key[len(start) :].split(".")[0] for key in self.overrides if key.startswith(start)}
        for file in self.files:
            below = file.find(prefix)
            names |= set(below) if isinstance(below, dict) else set()
        return names

    def with_keys(self, keys: Iterable[Key]) -> Config:
        """Return the same configuration with more registered keys; known ones stay as they are."""
        more = {key.name: key for key in keys if key.name not in self._keys}
        return Config(
            self.overrides, environ=self.environ, files=self.files, keys={**self._keys, **more}
        )

    # ---- below -------------------------------------------------------------------------------

    def _found(self, key: str) -> tuple[object, str] | None:
        """Return the value that somebody set, and in a few words where."""
        value = self.overrides.get(key)
        if value is not None and not (isinstance(value, str) and not value.strip()):
            return value, "--set"
        if not self._is_structured(key):
            exact = key.replace(".", "_")
            for name in (exact.upper(), exact):
                if (text := self.environ.get(name, "")).strip():
                    return text, f"environment {name}"
        for file in self.files:
            if (value := file.find(key)) is not None:
                return value, str(file.path)
        return None

    def _place(self, key: str) -> str:
        found = self._found(key)
        if found is None:
            return "default"
        file = next((file for file in self.files if str(file.path) == found[1]), None)
        return found[1] if file is None else file.place_of(key)

    def _default(self, key: str, default: str | None) -> str:
        known = self._keys.get(key)
        if known is not None:
            usual = known.default
            return usual.compute(self) if isinstance(usual, Derived) else usual
        if default is None:
            raise ConfigError(f"{key} is no known key; add it to para_core.settings")
        return default

    def _in_range(self, known: Key, value: int | None) -> int:
        low, high = known.at_least, known.at_most
        if value is None or not _within(low, value, high):
            text, place = self.text(known.name), self._place(known.name)
            bounds = [f"at least {low}"] if low is not None else []
            bounds += [f"at most {high}"] if high is not None else []
            wanted = " and ".join(["a whole number", *bounds])
            raise ConfigError(f"{place}: {known.name} is {wanted}, not {text!r}")
        return value

    def _elements(self, key: str, value: list[object], place: str) -> list[str]:
        texts = [text for element in value if (text := as_text(element)) is not None]
        if len(texts) != len(value):
            raise ConfigError(f"{place}: {key} is a list of texts, without lists or objects in it")
        return texts

    def _rule(self, key: str) -> str | None:
        known = self._keys.get(key)
        return None if known is None else known.rule

    def _separator(self, key: str) -> str | None:
        known = self._keys.get(key)
        return "," if known is None else known.separator

    def _is_structured(self, key: str) -> bool:
        known = self._keys.get(key)
        return known is not None and known.kind in _STRUCTURED


def load_config(
    path: Path | None = None,
    *,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Config:
    """Read the configuration of a process.

    Args:
        path: The file to read; without one, ``para-application.conf`` is read and, for what it
            does not set, ``application.conf`` (or ``.json``, or ``.properties``), where they exist.
        overrides: Values that win over everything, by whole key.
        environ: Environment variables; those of the process unless given.
        folder: Where files are searched; the working directory unless given.

    Raises:
        ConfigError: A file is missing or malformed.
    """
    paths = [path] if path is not None else _usual_files(folder or Path())
    files = [read_config_file(found) for found in paths]
    return Config(overrides, environ=os.environ if environ is None else environ, files=files)


def parse_assignment(text: str) -> tuple[str, str]:
    """Split ``key=value`` of the command line; ``para.`` in front of the key may be left out.

    Raises:
        ConfigError: There is no equals sign or no key, or the key takes no text.
    """
    name, sign, value = text.partition("=")
    name = name.strip()
    if not sign or not name:
        raise ConfigError(f"--set takes key=value, such as --set para.port=8080, not {name!r}")
    key = _ALIASES.get(name) or (name if name.startswith("para.") else f"para.{name}")
    if key in KNOWN and KNOWN[key].kind in _STRUCTURED:
        raise ConfigError(f"{key} has no form for --set; put it into the configuration file")
    return key, value


def _within(low: int | None, value: int, high: int | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)


def _usual_files(folder: Path) -> list[Path]:
    others = [folder / f"application{ending}" for ending in (".conf", ".json", ".properties")]
    found = [file for file in others if file.is_file()][:1]
    own = folder / "para-application.conf"
    return [own, *found] if own.is_file() else found
