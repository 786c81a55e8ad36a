"""Where the database is, as configuration files of the original say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from para_core.errors import ConfigError
from para_dao_mongodb.settings import MongoSettings

__all__ = ["Address", "address_of"]

_SCHEMES = ("mongodb://", "mongodb+srv://")
_NOT_IN_NAMES = re.compile(r'[\s/\\."$*<>:|?\x00]')
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:\d*)?")  # else it may be a login without a host
_LONGEST_NAME = 63  # bytes, mongodb.com/docs/manual/reference/limits


@dataclass(frozen=True, slots=True)
class Address:
    """A database; ``place`` has neither user nor password, so it can be shown."""

    uri: str = field(repr=False)
    database: str
    place: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)  # of the driver


def address_of(settings: MongoSettings, database: str) -> Address:
    """Return where ``para.mongodb`` points; ``uri`` wins over host, port, user and password.

    Raises:
        ConfigError: ``uri`` is no address of MongoDB, or the name can be no database.
    """
    name = settings.database.strip() or database
    if not name or _NOT_IN_NAMES.search(name) or len(name.encode()) > _LONGEST_NAME:
        raise ConfigError(
            f"para.mongodb.database {name!r} can be no database; it has 1 to {_LONGEST_NAME} "
            "letters, digits, dashes and underscores"
        )
    options = _encryption(settings)
    if uri := settings.uri.strip():
        if not uri.startswith(_SCHEMES):
            raise ConfigError(
                f"para.mongodb.uri is no address of MongoDB; it begins with {' or '.join(_SCHEMES)}"
            )
        return Address(uri, name, f"{_without_login(uri)}/{name}", options)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    uri = f"mongodb://{host}:{settings.port}"
    if settings.user and settings.password:
        options |= {"username": settings.user, "password": settings.password, "authSource": name}
    return Address(uri, name, f"{_without_login(uri)}/{name}", options)


def _encryption(settings: MongoSettings) -> dict[str, object]:
    if not settings.ssl_enabled:
        return {}
    return {"tls": True, "tlsAllowInvalidCertificates": settings.ssl_allow_all}


def _without_login(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    hosts = re.split(r"[/?]", rest.rpartition("@")[2], maxsplit=1)[0]
    shown = [host if _HOST.fullmatch(host) else host.partition(":")[0] for host in hosts.split(",")]
    return f"{scheme}://{','.join(shown)}"
