"""Addresses of databases, as configuration files of the original have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeAlias
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode

from para_core.errors import ConfigError
from para_dao_sql.addresses.h2 import parse_h2
from para_dao_sql.addresses.oracle import OracleAddress, parse_oracle
from para_dao_sql.addresses.parts import Tls, bracketed, ignore, is_true, login, split
from para_dao_sql.addresses.sqlserver import SqlServerAddress, parse_sqlserver
from para_dao_sql.settings import SqlSettings

__all__ = [
    "Address",
    "MariaDBAddress",
    "OracleAddress",
    "PostgresAddress",
    "ServerAddress",
    "SqlServerAddress",
    "SqliteAddress",
    "Tls",
    "embedded_address",
    "parse_address",
]

_FILE_NAME = "para.db"
_OFFERED = (
    "this version has SQLite (sqlite:/path/para.db), PostgreSQL (postgresql://host/db), MariaDB or "
    "MySQL (mariadb://host/db), and as experiments SQL Server (sqlserver://host;databaseName=db) "
    "and Oracle (oracle:thin:@host:1521/service)"
)
_OTHERS = frozenset({"redshift", "db2", "mongodb"})  # that addresses of the original may name
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

    product: ClassVar[str] = "SQLite"
    file: Path


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A PostgreSQL server; ``url`` has neither user nor password, so it can be shown."""

    product: ClassVar[str] = "PostgreSQL"
    url: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MariaDBAddress:
    """A MariaDB or MySQL server."""

    product: ClassVar[str] = "MariaDB"
    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    tls: Tls | None = None

    @property
    def shown(self) -> str:
        """The address as people may see it."""
        return f"mariadb://{bracketed(self.host)}:{self.port}/{self.database}"


def embedded_address(folder: str) -> SqliteAddress:
    """Return the address of the embedded database in the folder of ``para.db.dir``."""
    return SqliteAddress(Path(folder.strip() or "data") / _FILE_NAME)


ServerAddress: TypeAlias = PostgresAddress | MariaDBAddress | SqlServerAddress | OracleAddress
Address: TypeAlias = SqliteAddress | ServerAddress


def parse_address(settings: SqlSettings, folder: str) -> Address:
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
    if colon and scheme in _PARSERS:
        return _PARSERS[scheme](rest, settings)
    if scheme in _OTHERS:
        raise ConfigError(f"para.sql.url names {scheme}; {_OFFERED}")
    raise ConfigError(f"para.sql.url is no address of a database; {_OFFERED}")


def _sqlite(rest: str, settings: SqlSettings) -> SqliteAddress:
    del settings  # a file knows no users
    path, _, parameters = rest.removeprefix("file:").partition("?")
    if not path or ":memory:" in path or "mode=memory" in parameters:
        raise ConfigError(
            "para.sql.url names no file; write sqlite:/path/para.db, or set para.dao to MemoryDAO"
        )
    if parameters:
        ignore(name for name, _ in parse_qsl(parameters, keep_blank_values=True))
    if path.startswith("//"):  # sqlite:///path is the path as well as sqlite:/path
        path = "/" + path.lstrip("/")
    return SqliteAddress(Path(path))


def _postgresql(rest: str, settings: SqlSettings) -> PostgresAddress:
    parts, given = split("postgresql", rest)
    hosts = parts.netloc.rpartition("@")[2] or "localhost"
    return PostgresAddress(_shown(parts, hosts, given), *login(parts, given, settings))


def _h2(rest: str, settings: SqlSettings) -> SqliteAddress:
    del settings
    return SqliteAddress(parse_h2(rest))


def _mariadb(rest: str, settings: SqlSettings, scheme: str) -> MariaDBAddress:
    if not rest.startswith(("//", "/")) and "//" in rest:  # as in jdbc:mysql:replication://
        way = rest.partition(":")[0]
        raise ConfigError(f"para.sql.url asks for {way!r}; name one host: {scheme}://host:3306/db")
    parts, given = split(scheme, rest)
    try:
        host, port = parts.hostname or "localhost", parts.port or _MARIADB_PORT
    except ValueError as error:  # several hosts, or a port that is no number
        raise ConfigError(
            f"para.sql.url has to name one host, as in {scheme}://host:3306/db"
        ) from error
    given = {name.lower(): value for name, value in given.items()}
    user, password = login(parts, given, settings)
    ignore(name for name in given if name not in _MARIADB_KNOWN)
    database = unquote(parts.path.strip("/")) or "para"
    return MariaDBAddress(host, port, database, user, password, _tls(given))


def _tls(given: Mapping[str, str]) -> Tls | None:
    """Return what parameters of the two JDBC drivers ask for; small letters, no underscores."""
    ca = given.get("serversslcert", "").removeprefix("file:")
    mode = given.get("sslmode", "").lower().replace("_", "-")
    if not mode and is_true(given, "usessl"):
        is_checked = is_true(given, "verifyservercertificate") or bool(ca)
        mode = "verify-ca" if is_checked else "required"
    if mode not in _TLS_MODES:
        modes = ", ".join(filter(None, _TLS_MODES))
        raise ConfigError(f"sslMode in para.sql.url is {mode!r}; it may be {modes}")
    made = _TLS_MODES[mode]
    return None if made is None else replace(made, ca=ca)


def _shown(parts: SplitResult, hosts: str, given: dict[str, str]) -> str:
    kept = {_RENAMED.get(name, name): value for name, value in given.items()}
    if kept.pop("ssl", "false").lower() in ("true", ""):
        kept.setdefault("sslmode", "verify-full")  # what the JDBC driver means by it
    ignore(name for name in kept if name not in {*_LIBPQ, "user", "password"})
    query = urlencode({name: value for name, value in kept.items() if name in _LIBPQ})
    database = quote(unquote(parts.path.strip("/")) or "para", safe="")
    return f"postgresql://{hosts}/{database}" + (f"?{query}" if query else "")


_PARSERS: Mapping[str, Callable[[str, SqlSettings], Address]] = {
    "sqlite": _sqlite,
    "h2": _h2,
    **dict.fromkeys(("postgresql", "postgres"), _postgresql),
    "mariadb": partial(_mariadb, scheme="mariadb"),
    "mysql": partial(_mariadb, scheme="mysql"),
    "sqlserver": parse_sqlserver,
    "oracle": parse_oracle,
}
