"""What must not be compared: times, keys, generated ids, nulls; and where two answers differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

__all__ = ["Names", "differences", "normalised"]

_VOLATILE = {
    "updated", "tookMillis", "access_token", "secretKey", "secret", "tokenSecret", "lastKey",
    "took", "_docid", "expires", "refresh", "version", "picture",
}  # fmt: skip
_GENERATED = re.compile(r"(?<![0-9A-Za-z])[0-9]{16,20}(?![0-9A-Za-z])")
_NOW = re.compile(r"(?<![0-9A-Za-z])1[7-9][0-9]{11}(?![0-9A-Za-z])")
_EARLIEST_NOW, _LATEST_NOW = 1_700_000_000_000, 2_000_000_000_000
_LARGEST_EXACT = 2**53
_ADDRESS = re.compile(r"http://127\.0\.0\.1:[0-9]+([^?\s]*)(\?\S*)?")
_DEFAULT_NAME = "ParaObject "


class Names:
    """Gives each generated id of one server a name, in order of first sight."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def of(self, text: str) -> str:
        """Return a text with names in the place of ids."""
        return _GENERATED.sub(self._name, _NOW.sub("<now>", text))

    def _name(self, found: re.Match[str]) -> str:
        return self._names.setdefault(found[0], f"<id {len(self._names) + 1}>")


def normalised(value: Any, names: Names, key: str = "") -> Any:  # noqa: ANN401 - any JSON value
    """Return a value in which equal answers of two servers are equal."""
    if isinstance(value, dict):
        kept = {name: item for name, item in sorted(value.items()) if item is not None}
        return {names.of(name): normalised(item, names, name) for name, item in kept.items()}
    if isinstance(value, list):
        return [normalised(item, names) for item in value]
    if key in _VOLATILE:
        return f"<{key}>"
    return _text(value, names, key) if isinstance(value, str) else _number(value)


def _number(value: object) -> object:
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_EXACT:
        return int(value)
    is_now = isinstance(value, int) and _EARLIEST_NOW < value < _LATEST_NOW
    return "<now>" if is_now else value


def _text(value: str, names: Names, key: str) -> str:
    if key == "objectURI":  # singular before 1.50, plural since, as documented
        return names.of(f"<type>/{value.lstrip('/').partition('/')[2]}")
    if key == "name" and value.startswith(_DEFAULT_NAME):  # with the time before 1.50, the id since
        return "<default name>"
    return names.of(_ADDRESS.sub(r"\1", value))


def differences(ours: object, theirs: object, where: str = "") -> Iterator[str]:
    """Tell where two normalised answers differ, as ``place: ours / theirs``."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted({*ours, *theirs}):
            mine, other = ours.get(name, "<absent>"), theirs.get(name, "<absent>")
            yield from differences(mine, other, f"{where}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(mine, other, f"{where}[{at}]")
    elif isinstance(ours, list) and isinstance(theirs, list):
        yield f"{where}: {_outline(ours)} / {_outline(theirs)}"
    elif ours != theirs or type(ours) is not type(theirs):
        yield f"{where}: {ours!r} / {theirs!r}"


def _outline(items: list[Any]) -> list[Any]:
    return [item.get("id", item) if isinstance(item, dict) else item for item in items]
