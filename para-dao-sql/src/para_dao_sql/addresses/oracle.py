"""Addresses of Oracle, as its JDBC driver has them.

"Database URLs and database specifiers" in the JDBC Developer's Guide; the driver takes what
"Easy Connect Plus" and ``tnsnames.ora`` know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import unquote

from para_core.errors import ConfigError
from para_dao_sql.settings import SqlSettings

__all__ = ["OracleAddress", "parse_oracle"]

_WITH_SID = re.compile(r"(?P<host>\[[^\]]+\]|[^:/()\[\]]+):(?P<port>\d+):(?P<sid>[^:/()?]+)")
_AS_SYSDBA = re.compile(r"\s+as\s+sysdba\s*$", re.IGNORECASE)
_WAYS = "write oracle:thin:@host:1521/service, oracle:thin:@host:1521:SID or oracle:thin:@alias"


@dataclass(frozen=True, slots=True)
class OracleAddress:
    """An Oracle database: what its driver calls a connect string."""

    product: ClassVar[str] = "Oracle"
    dsn: str
    user: str
    password: str = field(repr=False)
    is_sysdba: bool = False

    @property
    def shown(self) -> str:
        """The address as people may see it."""
        return f"oracle:thin:@{self.dsn.partition('?')[0]}"


def parse_oracle(rest: str, settings: SqlSettings) -> OracleAddress:
    """Return what stands behind ``oracle:``.

    Raises:
        ConfigError: It names no database, or a driver that is not here.
    """
    if rest.startswith("//"):  # as addresses of other products
        way, before, place = "thin", *rest[2:].rpartition("@")[::2]
        user, _, password = map(unquote, before.partition(":"))
    else:
        way, _, rest = rest.partition(":")
        before, at, place = rest.rpartition("@") if "@(" not in rest else rest.partition("@")
        place = place if at else ""
        user, _, password = before.partition("/")
    if "@" in way:  # a login; it is not shown
        raise ConfigError(f"para.sql.url names no driver of Oracle; {_WAYS}")
    if way.lower() != "thin":
        raise ConfigError(f"para.sql.url asks for the driver {way!r} of Oracle; {_WAYS}")
    place = place.strip().removeprefix("//")
    if not place or place.startswith("/"):
        raise ConfigError(f"para.sql.url names no database of Oracle; {_WAYS}")
    user, is_sysdba = _as_whom(user.strip('"') or settings.user)
    return OracleAddress(_dsn(place), user, password.strip('"') or settings.password, is_sysdba)


def _dsn(place: str) -> str:
    """Return the connect string: an address with a SID has to be written at length."""
    found = _WITH_SID.fullmatch(place)
    if found is None:
        return place
    host = found["host"].strip("[]")
    return (
        f"(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST={host})(PORT={found['port']}))"
        f"(CONNECT_DATA=(SID={found['sid']})))"
    )


def _as_whom(user: str) -> tuple[str, bool]:
    name = _AS_SYSDBA.sub("", user)
    return name, name != user
