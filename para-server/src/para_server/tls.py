"""HTTPS without a proxy: the certificate of the server, taken anew when its files change.

Connections that are open go on with the certificate they began with. A new pair of files counts
from the next connection on, and only once it is complete: while the old pair is good, a
certificate whose key has not been written yet disturbs nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from para_core.errors import ConfigError
from para_core.tasks import cancelled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from para_core.config import Config

__all__ = ["Certificate", "TlsSettings", "certificate_of", "expiry_of"]

logger = logging.getLogger(__name__)

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class TlsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section ``para.tls``: HTTPS on ``para.port`` instead of HTTP."""

    cert_file: Annotated[
        str, Meta(description="PEM file with the certificate and those above it; blank for HTTP.")
    ] = ""
    key_file: Annotated[
        str, Meta(description="PEM file with the private key; blank if `cert_file` has it.")
    ] = ""
    key_password: Annotated[str, Meta(description="Password of the private key, if any.")] = ""
    client_ca_file: Annotated[
        str,
        Meta(description="PEM file with authorities; clients then need a certificate of theirs."),
    ] = ""
    min_version: Annotated[
        str, Meta(description="Oldest version of TLS that is spoken: `1.2` or `1.3`.")
    ] = "1.2"
    check_sec: Annotated[
        int,
        Meta(ge=0, description="Seconds between two looks at the files; 0 for SIGHUP only."),
    ] = 60


def certificate_of(config: Config) -> Certificate | None:
    """Return the certificate that the configuration names; ``None`` for plain HTTP.

    Raises:
        ConfigError: The files cannot be used.
    """
    settings = config.section("para.tls", TlsSettings)
    if not settings.cert_file.strip():
        if settings.key_file.strip() or settings.client_ca_file.strip():
            raise ConfigError("para.tls.cert_file is missing; HTTPS needs a certificate")
        return None
    return Certificate(settings)


class Certificate:
    """What the server shows to its clients; ``context`` is what the listening socket gets."""

    def __init__(self, settings: TlsSettings) -> None:
        """Read the files.

        Raises:
            ConfigError: They cannot be used; the message says which key and why.
        """
        self._settings = settings
        self._files = [
            Path(name.strip())
            for name in (settings.cert_file, settings.key_file, settings.client_ca_file)
            if name.strip()
        ]
        self._seen = self._stamps()
        self.context = self._current = _context(settings)
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        """Let a connection that begins show the latest certificate."""
        connection.context = self._current

    def reload(self) -> bool:
        """Read the files again; what cannot be used is logged, and the old pair stays.

        Returns:
            Whether new connections see what the files hold now.
        """
        self._seen = self._stamps()
        try:
            self._current = _context(self._settings)
        except ConfigError as error:
            logger.error("the old certificate stays in use: %s", error)  # noqa: TRY400 - one line
            return False
        logger.info("read the certificate again", extra={"expires": str(expiry_of(self._files[0]))})
        return True

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look at the files every now and then, while the block runs."""
        if not self._settings.check_sec:
            yield
            return
        task = asyncio.create_task(self._watch(self._settings.check_sec), name="certificate")
        try:
            yield
        finally:
            await cancelled(task)

    async def _watch(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            if self._stamps() != self._seen:
                self.reload()

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        return [_stamp(file) for file in self._files]


def expiry_of(file: Path) -> datetime | None:
    """Return when the first certificate of a PEM file ends; ``None`` when it cannot be read."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(file.read_bytes())[0].not_valid_after_utc
    except (OSError, ValueError):
        return None


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _context(settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if settings.min_version not in _VERSIONS:
        raise ConfigError(f"para.tls.min_version is 1.2 or 1.3, not {settings.min_version!r}")
    context.minimum_version = _VERSIONS[settings.min_version]
    context.set_alpn_protocols(["http/1.1"])
    cert, key = settings.cert_file.strip(), settings.key_file.strip() or None
    try:
        context.load_cert_chain(cert, key, lambda: settings.key_password)
    except (OSError, ValueError) as error:
        where = f"para.tls: cannot use {cert}" + (f" with {key}" if key else "")
        raise ConfigError(
            f"{where} ({_reason(error)}); both are PEM, and belong together"
        ) from error
    authorities = settings.client_ca_file.strip()
    if authorities:
        try:
            context.load_verify_locations(authorities)
        except (OSError, ValueError) as error:
            message = f"para.tls.client_ca_file: cannot use {authorities} ({_reason(error)})"
            raise ConfigError(message) from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no PEM, or a wrong password").lower().replace("_", " ")
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
