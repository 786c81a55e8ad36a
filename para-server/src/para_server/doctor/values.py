"""Values of the configuration that are taken for something else than they look like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from para_core.checks import Finding, advice
from para_core.errors import ParaError
from para_core.settings import UNUSED, Key, Kind
from para_core.settings.values import as_integer

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["misread"]

_SWITCH = ("true", "false")
_MODES = ("", "off", "r", "rw")


def misread(config: Config) -> Iterator[Finding]:
    """Look for values that the server takes for others, as the original does, without a word.

    Those that it refuses are no matter of this.
    """
    for key in config.known_keys():
        if config.is_set(key.name) and key.rule != "strict" and key.used_by != UNUSED:
            try:
                yield from _of_key(config, key)
            except ParaError:
                continue  # whoever reads it at the start says so
    path = config.text("para.context_path").strip()
    if path and not path.startswith("/"):
        said = f"para.context_path is {path!r}, which counts as none"
        yield advice(said, "begin it with a slash, or remove it")
    mode = config.text("para.mcp_server_mode").strip().lower()
    if mode not in _MODES:
        yield advice(f"para.mcp_server_mode is {mode!r}, which counts as off", "set off, r or rw")
    for host in config.items("para.outbound.hosts"):
        if "/" in host:
            said = f"para.outbound.hosts has {host!r}, which is no host"
            yield advice(said, "write a host, or a host and a port: mail.lan:587")


def _of_key(config: Config, key: Key) -> Iterator[Finding]:
    text = config.text(key.name).strip()
    place = f"{config.source_of(key.name)}: {key.name} is {text[:40]!r}"
    if key.kind is Kind.FLAG and text.lower() not in _SWITCH:
        yield advice(f"{place}, which counts as false", "set true or false")
    if key.kind is Kind.NUMBER and text and as_integer(text) is None:
        taken = config.number(key.name)
        yield advice(f"{place}, no whole number: {taken} is taken", "set a whole number")
