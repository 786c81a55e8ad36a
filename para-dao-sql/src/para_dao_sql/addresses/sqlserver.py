"""Addresses of SQL Server, as its JDBC driver has them.

https://learn.microsoft.com/sql/connect/jdbc/building-the-connection-url and
https://learn.microsoft.com/sql/connect/jdbc/setting-the-connection-properties
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from para_core.errors import ConfigError
from para_dao_sql.addresses.parts import Tls, bracketed, ignore, login, split
from para_dao_sql.settings import SqlSettings

__all__ = ["SqlServerAddress", "parse_sqlserver"]

_PORT = 1433
_PROPERTY = re.compile(r"\s*([^=;]+)=(\{(?:[^}]|\}\})*\}|[^;]*)(?:;|$)")
# Names that mean the same, in small letters.
_SYNONYMS = {
    "database": "databasename",
    "username": "user",
    "server": "servername",
    "port": "portnumber",
}
_KNOWN = frozenset(
    {
        *("databasename", "user", "password", "servername", "portnumber", "instancename"),
        *("encrypt", "trustservercertificate", "servercertificate", "hostnameincertificate"),
    }
)
_CLEAR, _ENCRYPTED = ("false", "optional", "no"), ("true", "mandatory", "yes", "")


@dataclass(frozen=True, slots=True)
class SqlServerAddress:
    """A SQL Server."""

    product: ClassVar[str] = "SQL Server"
    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    tls: Tls | None = None
    certificate_name: str = ""  # whose certificate the server shows, if not that of its host

    @property
    def shown(self) -> str:
        """The address as people may see it."""
        return f"sqlserver://{bracketed(self.host)}:{self.port}/{self.database}"


def parse_sqlserver(rest: str, settings: SqlSettings) -> SqlServerAddress:
    """Return what stands behind ``sqlserver:``, with properties behind semicolons or as a URL.

    Raises:
        ConfigError: It asks for something that cannot be had.
    """
    before, _, properties = rest.partition(";")
    parts, parameters = split("sqlserver", before)
    given = _known({**parameters, **_properties(properties)})
    host, _, instance = parts.netloc.rpartition("@")[2].partition("\\")
    instance, _, port = instance.rpartition(":") if ":" in instance else (instance, "", "")
    if not instance:
        host, port = _host_and_port(host, port)
    port = port or given.get("portnumber", "")
    if (instance or given.get("instancename")) and not port:
        raise ConfigError(
            "para.sql.url names an instance without its port; write sqlserver://host:port"
        )
    if port and not port.isdigit():
        raise ConfigError(f"the port in para.sql.url is {port!r}, which is no number")
    user, password = login(parts, given, settings)
    return SqlServerAddress(
        host or given.get("servername") or "localhost",
        int(port or _PORT),
        given.get("databasename") or parts.path.strip("/") or "para",
        user,
        password,
        _tls(given),
        given.get("hostnameincertificate", ""),
    )


def _properties(text: str) -> dict[str, str]:
    return {
        name.strip(): value[1:-1].replace("}}", "}") if value.startswith("{") else value.strip()
        for name, value in _PROPERTY.findall(text)
    }


def _known(given: Mapping[str, str]) -> dict[str, str]:
    small = {_SYNONYMS.get(name.lower(), name.lower()): text for name, text in given.items()}
    for name in ("integratedsecurity", "authentication"):
        if small.pop(name, "false").lower() not in ("false", "notspecified", "sqlpassword"):
            raise ConfigError(
                f"para.sql.url asks for {name}; here it is para.sql.user and para.sql.password"
            )
    ignore(name for name in small if name not in _KNOWN)
    return {name: text for name, text in small.items() if name in _KNOWN}


def _host_and_port(host: str, port: str) -> tuple[str, str]:
    if host.startswith("["):
        host, _, behind = host[1:].partition("]")
        return host, port or behind.removeprefix(":")
    host, _, behind = host.partition(":")
    return host, port or behind


def _tls(given: Mapping[str, str]) -> Tls | None:
    """Return what is asked for; without a word, a connection is encrypted, as it is there."""
    wanted = given.get("encrypt", "true").lower()
    if wanted in _CLEAR:
        return None
    if wanted not in _ENCRYPTED:
        raise ConfigError(
            f"encrypt in para.sql.url is {wanted!r}; the driver knows true and false, and speaks "
            "TDS up to 7.4"
        )
    ca = given.get("servercertificate", "").removeprefix("file:")
    if given.get("trustservercertificate", "false").lower() == "true" and not ca:
        raise ConfigError(
            "trustServerCertificate in para.sql.url cannot be had: the driver encrypts only what "
            "it can check; name the certificate by serverCertificate=/path/cert.pem, or set "
            "encrypt=false"
        )
    return Tls(checks_certificate=True, checks_name=True, ca=ca)
