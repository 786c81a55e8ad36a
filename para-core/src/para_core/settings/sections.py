"""Sections: the keys below a prefix as the fields of a Struct."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from types import UnionType
from typing import TYPE_CHECKING, Annotated, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import FieldInfo

from para_core.errors import ConfigError
from para_core.settings.key import Key, Kind
from para_core.settings.values import as_text, shown, split_items

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["read_section", "section_keys"]

SectionT = TypeVar("SectionT", bound=Struct)


def read_section(config: Config, prefix: str, kind: type[SectionT]) -> SectionT:
    """Return the keys below a prefix as a Struct; see ``Config.section``."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    if kind.__struct_config__.forbid_unknown_fields:
        _refuse_unknown(config, prefix, fields)
    values: dict[str, object] = {}
    for name, field in fields.items():
        key = f"{prefix}.{name}"
        if config.is_set(key) or (field.required and config.key(key) is not None):
            values[name] = _value(config, key, field)
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(_unfit(config, prefix, values, str(error))) from error


def section_keys(prefix: str, kind: type[Struct], used_by: str) -> Iterator[Key]:
    """Describe the fields of a section as keys, beside the known keys of their prefix."""
    from para_core.settings import KNOWN  # who reads a section does not need them all

    start = f"{prefix}."
    beside = (known.category for name, known in KNOWN.items() if name.startswith(start))
    category = next(beside, prefix)
    for field in msgspec.structs.fields(kind):
        meta = _meta(field.type)
        yield Key(
            name=f"{prefix}.{field.encode_name}",
            kind=_kind(field.type),
            default=_default(field),
            about=(meta.description if meta else None) or "",
            category=category,
            used_by=used_by,
            rule="strict",
            separator=", " if _is_list(field.type) else None,
            listed=False,
        )


def _value(config: Config, key: str, field: FieldInfo) -> object:
    """Return a value as the conversions of its key or, for keys of our own, msgspec wants it."""
    known = config.key(key)
    if known is not None and known.rule != "strict":
        if known.kind is Kind.NUMBER:
            return config.number(key)
        if known.kind is Kind.FLAG:
            return config.flag(key)
    raw = config.raw(key)
    if raw is None:
        return config.text(key)
    if isinstance(raw, list):
        return [element if as_text(element) is None else as_text(element) for element in raw]
    text = as_text(raw)
    if text is None:
        return raw
    return split_items(text, ", ") if _is_list(field.type) else text


def _refuse_unknown(config: Config, prefix: str, fields: dict[str, FieldInfo]) -> None:
    for name in sorted(config.names_below(prefix) - set(fields)):
        key = f"{prefix}.{name}"
        below = f"{key}."
        if any(known.name == key or known.name.startswith(below) for known in config.known_keys()):
            continue
        close = difflib.get_close_matches(name, fields, n=1)
        hint = f"did you mean {prefix}.{close[0]}?" if close else f"there are {', '.join(fields)}"
        raise ConfigError(f"{config.source_of(key)}: {key} is no known key; {hint}")


def _unfit(config: Config, prefix: str, values: dict[str, object], reason: str) -> str:
    """Put msgspec's words, such as ``Expected `int` >= 1 - at `$.port```, into ours."""
    wanted, _, place = reason.partition(" - at `$.")
    if not place:
        return f"the section {prefix} is incomplete: {reason}"
    name = place.rstrip("`").split("[")[0].split(".")[0]
    key = f"{prefix}.{name}"
    value = shown(key, str(values.get(name)))
    wanted = wanted.replace("`", "")
    return (
        f"{config.source_of(key)}: {key} does not take {value!r}: {wanted[:1].lower()}{wanted[1:]}"
    )


def _default(field: FieldInfo) -> str:
    if field.default is not NODEFAULT:
        usual = field.default
    elif field.default_factory is not NODEFAULT:
        usual = field.default_factory()
    else:
        return ""
    plain = msgspec.to_builtins(usual)
    if isinstance(plain, list):
        return ",".join(str(item) for item in plain)
    return as_text(plain) or ""


def _kind(annotation: object) -> Kind:
    plain = _plain_types(annotation)
    if bool in plain:
        return Kind.FLAG
    return Kind.NUMBER if int in plain else Kind.TEXT


def _is_list(annotation: object) -> bool:
    return any(
        (get_origin(plain) or plain) in (list, tuple, set, frozenset)
        for plain in _plain_types(annotation)
    )


def _plain_types(annotation: object) -> list[object]:
    """Return the alternatives of an annotation without ``Annotated`` around them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain_types(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [plain for inner in get_args(annotation) for plain in _plain_types(inner)]
    return [annotation]


def _meta(annotation: object) -> Meta | None:
    if get_origin(annotation) is Annotated:
        return next((part for part in get_args(annotation) if isinstance(part, Meta)), None)
    return None
