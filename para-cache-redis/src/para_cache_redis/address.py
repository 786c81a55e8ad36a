"""The address of the server, and how a connection to it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from redis.asyncio.connection import Connection, SSLConnection

from para_cache_redis.settings import RedisSettings
from para_core.errors import ConfigError

__all__ = ["Address", "parse_address"]

_FORM = "write redis://host:port/number, or rediss:// for TLS"


@dataclass(frozen=True, slots=True)
class Address:
    """One Redis server; ``place`` has neither user nor password, so it can be shown."""

    place: str
    host: str
    port: int
    database: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    has_tls: bool = False
    ca_file: str | None = None

    def connection(self, timeout_sec: float) -> Connection:
        """Return a connection that is not made yet, and never made again by itself.

        RESP 2: what is published then comes in the order of all other answers.
        """
        kind = SSLConnection if self.has_tls else Connection
        more = {"ssl_ca_certs": self.ca_file, "ssl_check_hostname": True} if self.has_tls else {}
        return kind(
            host=self.host,
            port=self.port,
            db=self.database,
            username=self.user,
            password=self.password,
            socket_timeout=None,
            socket_connect_timeout=timeout_sec,
            protocol=2,
            driver_info=None,
            **more,  # type: ignore[arg-type]  # of the class that takes them
        )


def parse_address(settings: RedisSettings) -> Address:
    """Return where ``para.redis.url`` points.

    Raises:
        ConfigError: It is no address of a Redis server, or the file with certificates is missing.
    """
    url = settings.url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _bad_address() from None
    number = parts.path.strip("/") or "0"
    if parts.scheme not in ("redis", "rediss") or not parts.hostname or not number.isdecimal():
        raise _bad_address()
    if parts.query:
        raise ConfigError("para.redis.url has parameters; use the other keys of para.redis instead")
    ca_file = settings.ca_file.strip()
    if ca_file and not Path(ca_file).is_file():
        raise ConfigError(f"para.redis.ca_file names {ca_file}, which is no file")
    port = 6379 if port is None else port
    return Address(
        place=f"{parts.scheme}://{parts.hostname}:{port}/{int(number)}",
        host=parts.hostname,
        port=port,
        database=int(number),
        user=unquote(parts.username or "") or settings.user.strip() or None,
        password=unquote(parts.password or "") or settings.password or None,
        has_tls=parts.scheme == "rediss",
        ca_file=ca_file or None,
    )


def _bad_address() -> ConfigError:
    return ConfigError(f"para.redis.url is no address of a Redis server; {_FORM}")
