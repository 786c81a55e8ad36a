"""Is the configuration one that the server starts with, and are its keys ones that count?"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from para_core.checks import Finding, advice, bad, good
from para_core.errors import ParaError
from para_core.plugins import load_plugins
from para_core.selection import FAMILIES
from para_core.settings.unknown import unknown_keys
from para_server.config import settings_of
from para_server.doctor.values import misread
from para_server.signin.policy import policy_of
from para_server.tls import TlsSettings, certificate_of, expiry_of
from para_server.web.settings import web_settings_of

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["examine_configuration", "examine_https"]

_SOON = datetime.timedelta(days=14)


async def examine_configuration(config: Config) -> Iterable[Finding]:
    """Look for keys that nobody knows and values that stop the start."""
    return list(_of_configuration(config))


def _of_configuration(config: Config) -> Iterator[Finding]:
    places = ", ".join(str(file.path) for file in config.files)
    yield good(f"read from {places}" if places else "no file; all values are the defaults")
    plugins = load_plugins(config)
    for line in unknown_keys(plugins.described(config)):
        yield advice(line, "correct or remove the key; it has no effect")
    yield from misread(config)
    readers: list[Callable[[], object]] = [
        lambda: settings_of(config),
        lambda: policy_of(config),
        lambda: web_settings_of(config),
        lambda: config.number("para.stop_timeout_sec"),
    ]
    readers += [_reader(plugins.selected, family, config) for family in FAMILIES]
    for _, sections in plugins.sections():
        readers += [_reader(config.section, prefix, kind) for prefix, kind in sections.items()]
    told = dict.fromkeys(filter(None, map(_complaint, readers)))  # each once
    for said in told:
        yield bad(said, "the server does not start before this is put right")


def _complaint(read: Callable[[], object]) -> str:
    try:
        read()
    except ParaError as error:
        return str(error)
    return ""


def _reader(read: Callable[..., object], *arguments: object) -> Callable[[], object]:
    return lambda: read(*arguments)


async def examine_https(config: Config) -> Iterable[Finding]:
    """Look whether what is said on the way to clients can be read there."""
    settings = config.section("para.tls", TlsSettings)
    if not settings.cert_file.strip():
        return [_without_certificate(config)]
    try:
        certificate_of(config)
    except ParaError as error:
        return [bad(str(error), "see the page Use HTTPS; the server does not start like this")]
    file = Path(settings.cert_file.strip())
    ends = expiry_of(file)
    if ends is None:
        return [bad(f"{file} has no certificate that can be read", "make it anew, as PEM")]
    left = ends - datetime.datetime.now(datetime.UTC)
    said = f"the certificate in {file} ends on {ends:%Y-%m-%d}"
    if left < datetime.timedelta(0):
        return [bad(said, "renew it now: clients refuse it")]
    if left < _SOON:
        return [advice(said, "renew it; the server takes the new files without a restart")]
    return [good(said)]


def _without_certificate(config: Config) -> Finding:
    proxies = [text for text in config.items("para.trusted_proxies") if text.strip()]
    if proxies:
        return good(f"left to the proxies at {', '.join(proxies)}")
    if config.text("para.env") == "production":
        return advice(
            "plain HTTP, and no proxy that is trusted",
            "set para.tls.cert_file, or name the proxy that does TLS in para.trusted_proxies",
        )
    return good("plain HTTP, which is for trying things out")
