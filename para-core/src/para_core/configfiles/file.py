"""A configuration file that was read: its tree of values, and the lines they stand on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from para_core.configfiles.lines import line_of
from para_core.configfiles.plain import read_plain
from para_core.configfiles.properties import read_properties
from para_core.configfiles.tree import Tree, lookup, put
from para_core.errors import ConfigError

__all__ = ["ConfigFile", "read_config_file"]


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One file: its values as nested dictionaries, without anything resolved or converted."""

    path: Path
    tree: Tree

    def find(self, key: str) -> object:
        """Return the value of a dotted key; ``None`` when it is absent or null."""
        return lookup(self.tree, key)

    def place_of(self, key: str) -> str:
        """Say where a key stands: the path, and the line when it can be told."""
        try:
            line = line_of(self.path.read_text("utf-8-sig"), key)
        except (OSError, UnicodeDecodeError):
            line = None
        return str(self.path) if line is None else f"{self.path}, line {line}"


def read_config_file(path: Path) -> ConfigFile:
    """Read a file ending in ``.conf``, ``.json`` or ``.properties``.

    HOCON that is plain enough is read at once; for anything more, pyhocon is loaded, which takes
    0.15 s and 15 MB. ``include`` is read and ignored.

    Raises:
        ConfigError: The file is missing, unreadable or malformed; the message has path and line.
    """
    content = _content(path)
    match path.suffix.lower():
        case ".json":
            return ConfigFile(path, _read_json(path, content))
        case ".properties":
            return ConfigFile(path, read_properties(content))
        case _:
            tree = read_plain(content)
    if tree is None:
        from para_core.configfiles.hocon import read_hocon  # slow to import, seldom needed

        tree = read_hocon(path, content)
    return ConfigFile(path, tree)


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        message = f"the configuration file {path} does not exist; check the path after --config"
        raise ConfigError(message) from error
    except UnicodeDecodeError as error:
        message = f"the configuration file {path} is not UTF-8 at byte {error.start}; convert it"
        raise ConfigError(message) from error
    except OSError as error:
        message = f"the configuration file {path} cannot be read: {error.strerror}"
        raise ConfigError(message) from error


def _read_json(path: Path, content: str) -> Tree:
    import json

    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it is nested too deep"
        raise ConfigError(f"{path}{line}: this is no JSON: {reason}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: a configuration is a JSON object, this is a list or a value")
    tree: Tree = {}
    for key, value in values.items():
        put(tree, key.split("."), value)
    return tree
