"""What errors of the driver and of the server mean to the one who runs Para."""

from __future__ import annotations

import ssl

import asyncpg
from asyncpg import exceptions as pg

from para_core.errors import BackendError, ConfigError, StorageFullError, UnavailableError

__all__ = ["FAILURES", "as_para_error", "as_start_error", "is_about_one"]

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""Everything that asyncpg raises by itself."""

_AWAY = (
    OSError,  # includes TimeoutError and ConnectionError
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    pg.PostgresConnectionError,
    pg.OperatorInterventionError,  # shutdown, crash, cancelled statement
    pg.TooManyConnectionsError,
    pg.TransactionRollbackError,  # deadlock, serialization
    pg.LockNotAvailableError,
)
_FULL = (pg.DiskFullError,)
_MISSING = (
    pg.InvalidCatalogNameError,
    pg.InvalidSchemaNameError,
    pg.InvalidAuthorizationSpecificationError,
    pg.InsufficientPrivilegeError,
    pg.ReadOnlySQLTransactionError,
    pg.ClientConfigurationError,
    ssl.SSLError,
)


def as_para_error(error: BaseException, place: str) -> BackendError:
    """Return the error that a caller gets to see; ``place`` is the address without password."""
    if isinstance(error, _FULL):
        return StorageFullError(f"{place} has no space left; nothing of the write is stored")
    if isinstance(error, _AWAY):
        return UnavailableError(f"{place} is out of reach or too slow: {_words(error)}")
    return BackendError(f"{place}: {_words(error)} ({getattr(error, 'sqlstate', None)})")


def as_start_error(error: BaseException, place: str) -> ConfigError | BackendError:
    """Return the error that stops the start, with the key that would help."""
    if isinstance(error, _MISSING):
        return ConfigError(
            f"{place} cannot be used: {_words(error)}; check para.sql.url, para.sql.user and "
            "para.sql.password"
        )
    if isinstance(error, _AWAY):
        return UnavailableError(
            f"{place} cannot be reached: {_words(error)}; is it running, and is para.sql.url right?"
        )
    return as_para_error(error, place)


def is_about_one(error: BaseException) -> bool:
    """Tell whether the data of one write may be to blame, so that others can succeed without it."""
    return not isinstance(error, (*_AWAY, *_FULL))


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
