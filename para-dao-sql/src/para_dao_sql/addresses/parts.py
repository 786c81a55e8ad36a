"""What addresses of several products are made of."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from para_core.errors import ConfigError
from para_dao_sql.settings import SqlSettings

__all__ = ["Tls", "bracketed", "ignore", "is_true", "login", "split"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tls:
    """How a connection is encrypted, and what of the other side is checked."""

    checks_certificate: bool = False
    checks_name: bool = False
    ca: str = ""  # file with the certificates to trust; those of the system if empty


def split(scheme: str, rest: str) -> tuple[SplitResult, dict[str, str]]:
    """Return the parts of an address and its parameters.

    Raises:
        ConfigError: It has a login, and no ``//`` in front of it.
    """
    if not rest.startswith("//"):  # postgresql:db is a database on this machine
        if "@" in rest.partition("?")[0]:
            raise ConfigError(
                f"para.sql.url has no // in front of its login; write {scheme}://host/db"
            )
        rest = f"//localhost/{rest.lstrip('/')}"
    parts = urlsplit(f"{scheme}:{rest}")
    return parts, dict(parse_qsl(parts.query, keep_blank_values=True))


def login(parts: SplitResult, given: Mapping[str, str], settings: SqlSettings) -> tuple[str, str]:
    """Return user and password: of the parameters, of the address, or of the settings."""
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return (
        given.get("user") or unquote(user) or settings.user,
        given.get("password") or unquote(password) or settings.password,
    )


def is_true(given: Mapping[str, str], name: str) -> bool:
    """Tell whether a parameter is set, be it by its name alone."""
    return given.get(name, "false").lower() in ("true", "")


def bracketed(host: str) -> str:
    """Return a host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def ignore(names: Iterable[str]) -> None:
    """Warn of parameters that have no meaning here."""
    for name in names:
        logger.warning("parameter of para.sql.url has no meaning here", extra={"parameter": name})
