"""All of HOCON, read by pyhocon."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import FunctionType

import pyparsing
from pyhocon import ConfigTree, config_parser

from para_core.configfiles.lines import key_at
from para_core.configfiles.tree import Tree
from para_core.errors import ConfigError

__all__ = ["read_hocon"]

_QUOTED = re.compile(r'#[^\n]*|//[^\n]*|""".*?"""|("(?:[^"\\\n]|\\.)*")', re.DOTALL)
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_LINE = re.compile(r"\(line: ?(\d+), col: ?\d+\)")
_UNRESOLVED = re.compile(r"\$\{[^}]*\}")


class _NoIncludes(config_parser.ConfigParser):  # type: ignore[misc]  # pyhocon has no types
    """Packages are not looked up, whatever an include names."""

    @classmethod
    def resolve_package_path(cls, package_path: str) -> str:
        return "-"


class _EmptyFiles:
    """Stands for every file and address that an include names."""

    @staticmethod
    def parse_file(*_: object, **__: object) -> object:
        return ConfigTree()

    parse_URL = parse_file  # noqa: N815 - pyhocon's name


def _parser() -> Callable[..., object]:
    """Return pyhocon's parser with two of its globals replaced.

    ``include`` is disabled, and texts such as ``5m`` stay what they are: pyhocon would make time
    spans of them, which cannot be turned back. It has no options for either.
    """
    space = {
        **vars(config_parser),
        "ConfigFactory": _EmptyFiles,
        "get_period_expr": pyparsing.NoMatch,
    }
    parse = config_parser.ConfigParser.parse.__func__
    return FunctionType(parse.__code__, space, "parse", parse.__defaults__)


_parse = _parser()


def read_hocon(path: Path, content: str) -> Tree:
    """Read the text of a HOCON file; ``path`` is for messages.

    ``${NAME}`` stands for another key or else for an environment variable.

    Raises:
        ConfigError: The text is malformed, or something in it cannot be resolved. The message has
            the line and the key, never a value: it might be a secret.
    """
    try:
        # pyhocon takes a number for a text when a space and then nothing follows it
        text = _QUOTED.sub(_simpler, content).rstrip() + "\n"
        values = _plain_value(_parse(_NoIncludes, text))
    except pyparsing.ParseBaseException as error:
        raise ConfigError(_malformed(path, content, error.lineno)) from error
    except config_parser.ConfigSubstitutionException as error:
        raise ConfigError(_unresolved(path, str(error))) from error
    except config_parser.ConfigException as error:
        message = f"{path}: one key is both a value and a section; remove one of them"
        raise ConfigError(message) from error
    except Exception as error:  # pyhocon fails in ways of its own on texts that are none
        raise ConfigError(f"{path}: this is no HOCON; check its braces and quotes") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: a configuration is made of keys and values, this is a list")
    return values


def _simpler(match: re.Match[str]) -> str:
    """Write a quoted text with those escapes only that pyhocon knows."""
    if match[1] is None:
        return match[0]
    try:
        text = str(json.loads(match[1], strict=False))
    except ValueError:
        return match[0]
    return f'"{text.translate(_ESCAPES)}"'


def _plain_value(value: object) -> object:
    if isinstance(value, dict):
        return {str(name).strip('"'): _plain_value(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain_value(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool) else None


def _malformed(path: Path, content: str, line: int) -> str:
    line = min(line, content.rstrip().count("\n") + 1)
    key = key_at(content, line)
    place = f"{path}, line {line}" + (f", key {key}" if key else "")
    return (
        f"{place}: this cannot be read; put texts with special characters in double quotes, and "
        "check the quotes, brackets and braces before it"
    )


def _unresolved(path: Path, reason: str) -> str:
    line = _LINE.search(reason)
    name = _UNRESOLVED.search(reason)
    place = f"{path}, line {line[1]}" if line else str(path)
    variable = name[0] if name else "a reference"
    return (
        f"{place}: {variable} names no key and no environment variable; set it, or write "
        "${?NAME} for one that may be absent"
    )
