"""Addresses of databases, as configuration files of the original have them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from para_core.errors import ConfigError
from para_dao_sql.settings import SqlSettings

__all__ = [
    "MariaDBAddress",
    "PostgresAddress",
    "SqliteAddress",
    "Tls",
    "embedded_address",
    "parse_address",
]

logger = logging.getLogger(__name__)

_FILE_NAME = "para.db"
_OFFERED = (
    "this version has SQLite (sqlite:/path/para.db), PostgreSQL (postgresql://host/db) and "
    "MariaDB or MySQL (mariadb://host/db)"
)
# Products that addresses of the original may name, and what to do instead.
_OTHERS = {
    "h2": "its files cannot be read; leave para.sql.url empty for the embedded database, and move "
    "objects by GET /v1/_export and PUT /v1/_import",
    "sqlserver": _OFFERED,
    "oracle": _OFFERED,
    "redshift": _OFFERED,
    "db2": _OFFERED,
    "mongodb": _OFFERED,
}
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
class Tls:
    """How a connection is encrypted, and what of the other side is checked."""

    checks_certificate: bool = False
    checks_name: bool = False
    ca: str = ""  # file with the certificates to trust; those of the system if empty


_MARIADB_PORT = 3306
# What the JDBC drivers of MySQL and of MariaDB call it; "preferred" falls back to none there too.
_TLS_MODES: Mapping[str, Tls | None] = {
    **dict.fromkeys(("", "disabled", "disable", "preferred")),
    **dict.fromkeys(("required", "trust"), Tls()),
    "verify-ca": Tls(checks_certificate=True),
    **dict.fromkeys(
        ("verify-identity", "verify-full"), Tls(checks_certificate=True, checks_name=True)
    ),
}
_MARIADB_KNOWN = frozenset(
    {"user", "password", "sslmode", "usessl", "verifyservercertificate", "serversslcert"}
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


@dataclass(frozen=True, slots=True)
class MariaDBAddress:
    """A MariaDB or MySQL server."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    tls: Tls | None = None

    @property
    def shown(self) -> str:
        """The address as people may see it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mariadb://{host}:{self.port}/{self.database}"


def embedded_address(folder: str) -> SqliteAddress:
    """Return the address of the embedded database in the folder of ``para.db.dir``."""
    return SqliteAddress(Path(folder.strip() or "data") / _FILE_NAME)


def parse_address(
    settings: SqlSettings, folder: str
) -> SqliteAddress | PostgresAddress | MariaDBAddress:
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
    if scheme in ("mysql", "mariadb") and colon:
        return _mariadb(scheme, rest, settings)
    if scheme in _OTHERS:
        raise ConfigError(f"para.sql.url names {scheme}; {_OTHERS[scheme]}")
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
    parts, given = _split("postgresql", rest)
    hosts = parts.netloc.rpartition("@")[2] or "localhost"
    return PostgresAddress(_shown(parts, hosts, given), *_login(parts, given, settings))


def _mariadb(scheme: str, rest: str, settings: SqlSettings) -> MariaDBAddress:
    if not rest.startswith(("//", "/")) and "//" in rest:  # as in jdbc:mysql:replication://
        way = rest.partition(":")[0]
        raise ConfigError(f"para.sql.url asks for {way!r}; name one host: {scheme}://host:3306/db")
    parts, given = _split(scheme, rest)
    try:
        host, port = parts.hostname or "localhost", parts.port or _MARIADB_PORT
    except ValueError as error:  # several hosts, or a port that is no number
        raise ConfigError(
            f"para.sql.url has to name one host, as in {scheme}://host:3306/db"
        ) from error
    given = {name.lower(): value for name, value in given.items()}
    user, password = _login(parts, given, settings)
    _ignore(name for name in given if name not in _MARIADB_KNOWN)
    database = unquote(parts.path.strip("/")) or "para"
    return MariaDBAddress(host, port, database, user, password, _tls(given))


def _tls(given: Mapping[str, str]) -> Tls | None:
    """Return what parameters of the two JDBC drivers ask for; small letters, no underscores."""
    ca = given.get("serversslcert", "").removeprefix("file:")
    mode = given.get("sslmode", "").lower().replace("_", "-")
    if not mode and _is_true(given, "usessl"):
        is_checked = _is_true(given, "verifyservercertificate") or bool(ca)
        mode = "verify-ca" if is_checked else "required"
    if mode not in _TLS_MODES:
        modes = ", ".join(filter(None, _TLS_MODES))
        raise ConfigError(f"sslMode in para.sql.url is {mode!r}; it may be {modes}")
    made = _TLS_MODES[mode]
    return None if made is None else replace(made, ca=ca)


def _is_true(given: Mapping[str, str], name: str) -> bool:
    return given.get(name, "false").lower() in ("true", "")


def _split(scheme: str, rest: str) -> tuple[SplitResult, dict[str, str]]:
    if not rest.startswith("//"):  # postgresql:db is a database on this machine
        rest = f"//localhost/{rest.lstrip('/')}"
    parts = urlsplit(f"{scheme}:{rest}")
    return parts, dict(parse_qsl(parts.query, keep_blank_values=True))


def _login(parts: SplitResult, given: Mapping[str, str], settings: SqlSettings) -> tuple[str, str]:
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return (
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
