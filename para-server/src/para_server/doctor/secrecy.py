"""Are there secrets that everybody knows, or files with secrets that everybody can read?"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from para_core.checks import Finding, advice, bad, good
from para_core.settings.values import is_secret

if TYPE_CHECKING:
    from para_core.config import Config

__all__ = ["examine_secrets"]

_SHORTEST = 32  # characters; HS256 needs as many bytes
_KNOWN = ("secret", "password", "changeme", "change me", "changeit", "test", "example", "para")
_WITH_USERS = ("postgres", "mariadb", "mysql")  # in addresses of databases
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


async def examine_secrets(config: Config) -> Iterable[Finding]:
    """Look at the secrets of the configuration, and at who can read them."""
    found = [*_weak(config), *_readable(config)]
    return found or [good("none that is known, short, or open to others")]


def _weak(config: Config) -> Iterator[Finding]:
    for key in ("para.root_secret_override", "para.app_secret_key"):
        value = config.text(key).strip()
        if value and _is_known(value):
            yield bad(f"{key} is a word that everybody tries", f"set {_random()}")
        elif value and len(value.encode()) < _SHORTEST:
            said = f"{key} is {len(value.encode())} bytes long"
            yield bad(said, f"take at least {_SHORTEST}: {_random()}")
    has_users = any(name in config.text("para.sql.url") for name in _WITH_USERS)
    if has_users and _is_known(config.text("para.sql.password")):
        yield bad(
            "para.sql.password is the default or a word that everybody tries",
            "give the database user another password, and set it here",
        )


def _is_known(value: str) -> bool:
    return value.lower() in _KNOWN


def _random() -> str:
    return "what `openssl rand -base64 48` prints"


def _readable(config: Config) -> Iterator[Finding]:
    with_secrets = [
        file.path
        for file in config.files
        if any(
            is_secret(key.name, "") and config.source_of(key.name).startswith(str(file.path))
            for key in config.known_keys()
            if config.is_set(key.name)
        )
    ]
    kept = Path(config.text("para.db.dir") or "data", "para-root-keys.conf")
    for file in [*with_secrets, kept]:
        try:
            mode = file.stat().st_mode
        except OSError:
            continue
        if mode & stat.S_IROTH:
            yield bad(f"everybody on this machine can read {file}", f"chmod o= {file}")
        elif file == kept and mode & _OTHERS:
            yield advice(f"the group can read {file}", f"chmod 600 {file}")
