"""Addresses of databases, as configuration files of the original have them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from para_core.errors import ConfigError
from para_dao_sql.settings import SqlSettings

__all__ = ["PostgresAddress", "SqliteAddress", "embedded_address", "parse_address"]

logger = logging.getLogger(__name__)

_FILE_NAME = "para.db"
_OFFERED = "this version has SQLite (sqlite:/path/para.db) and PostgreSQL (postgresql://host/db)"
_LATER = frozenset({"mysql", "mariadb", "sqlserver", "oracle", "h2", "redshift", "db2", "mongodb"})
# Names of the JDBC driver beside those of libpq, which asyncpg understands.
_RENAMED = {"currentSchema": "search_path", "ApplicationName": "application_name"}
_LIBPQ = frozenset(
    {
        "application_name",
        "search_path",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslpassword",
        "sslrootcert",
        "target_session_attrs",
    }
)


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """The file of an embedded database."""

    file: Path


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A PostgreSQL server; ``url`` has neither user nor password, so it can be shown."""

    url: str
    user: str
    password: str = field(repr=False)


def embedded_address(folder: str) -> SqliteAddress:
    """Return the address of the embedded database in the folder of ``para.db.dir``."""
    return SqliteAddress(Path(folder.strip() or "data") / _FILE_NAME)


def parse_address(settings: SqlSettings, folder: str) -> SqliteAddress | PostgresAddress:
    """Return where ``para.sql.url`` points; without one, the embedded database in ``folder``.

    Raises:
        ConfigError: The address names a product that is not supported, or no database.
    """
    url = settings.url.strip()
    if not url:
        return embedded_address(folder)
    url = url[5:] if url.lower().startswith("jdbc:") else url
    scheme, colon, rest = url.partition(":")
    scheme = scheme.lower()
    if scheme == "sqlite" and colon:
        return _sqlite(rest)
    if scheme in ("postgresql", "postgres") and colon:
        return _postgresql(rest, settings)
    if scheme in _LATER:
        raise ConfigError(f"para.sql.url names {scheme}; {_OFFERED}")
    raise ConfigError(f"para.sql.url is no address of a database; {_OFFERED}")


def _sqlite(rest: str) -> SqliteAddress:
    path, _, parameters = rest.removeprefix("file:").partition("?")
    if not path or ":memory:" in path or "mode=memory" in parameters:
        raise ConfigError(
            "para.sql.url names no file; write sqlite:/path/para.db, or set para.dao to MemoryDAO"
        )
    if parameters:
        _ignore(name for name, _ in parse_qsl(parameters, keep_blank_values=True))
    if path.startswith("//"):  # sqlite:///path is the path as well as sqlite:/path
        path = "/" + path.lstrip("/")
    return SqliteAddress(Path(path))


def _postgresql(rest: str, settings: SqlSettings) -> PostgresAddress:
    if not rest.startswith("//"):  # postgresql:db is a database on this machine
        rest = f"//localhost/{rest.lstrip('/')}"
    parts = urlsplit(f"postgresql:{rest}")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    return PostgresAddress(
        _shown(parts, hosts or "localhost", given),
        given.get("user") or unquote(user) or settings.user,
        given.get("password") or unquote(password) or settings.password,
    )


def _shown(parts: SplitResult, hosts: str, given: dict[str, str]) -> str:
    kept = {_RENAMED.get(name, name): value for name, value in given.items()}
    if kept.pop("ssl", "false").lower() in ("true", ""):
        kept.setdefault("sslmode", "verify-full")  # what the JDBC driver means by it
    _ignore(name for name in kept if name not in {*_LIBPQ, "user", "password"})
    query = urlencode({name: value for name, value in kept.items() if name in _LIBPQ})
    database = quote(unquote(parts.path.strip("/")) or "para", safe="")
    return f"postgresql://{hosts}/{database}" + (f"?{query}" if query else "")


def _ignore(names: Iterable[str]) -> None:
    for name in names:
        logger.warning("parameter of para.sql.url has no meaning here", extra={"parameter": name})
