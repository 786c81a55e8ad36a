"""What errors of the driver and of the server mean to the one who runs Para."""

from __future__ import annotations

import re

import bson.errors
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidOperation,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from para_core.errors import BackendError, ConfigError, StorageFullError, UnavailableError

__all__ = [
    "FAILURES",
    "as_para_error",
    "as_start_error",
    "is_about_one",
    "is_definite",
    "is_transient",
    "is_unknown",
]

FAILURES = (PyMongoError, bson.errors.BSONError, OSError)
"""Everything that the driver raises by itself."""

_AWAY = (
    OSError,  # includes TimeoutError and ConnectionError
    ConnectionFailure,  # includes the election of another primary
    ExecutionTimeout,
    WTimeoutError,
    WaitQueueTimeoutError,
)
# Numbers of errors: github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_AWAY_CODES = frozenset(
    {24, 46, 50, 64, 89, 91, 112, 133, 134, 189, 251, 262, 10107, 11600, 11601, 11602, 13435, 13436}
)
_LOGIN_CODES = frozenset({11, 13, 18, 33, 334, 8000})
_FULL_CODES = frozenset({14031})
_UNTRUSTED = "certificate verify failed"  # the words of OpenSSL: PyMongo keeps no class of it


def as_para_error(error: BaseException, place: str) -> BackendError:
    """Return the error that a caller gets to see; ``place`` is the address without password."""
    if _is_full(error):
        return StorageFullError(f"{place} has no space left; nothing of the write is stored")
    if _is_away(error):
        return UnavailableError(f"{place} is out of reach or too slow: {_words(error)}")
    return BackendError(f"{place}: {_words(error)} ({_code(error)})")


def as_start_error(error: BaseException, place: str) -> ConfigError | BackendError:
    """Return the error that stops the start, with the key that would help."""
    if _code(error) in _LOGIN_CODES or _is_about_login(error):
        return ConfigError(
            f"{place} refuses the login: {_words(error)}; check para.mongodb.user, "
            "para.mongodb.password and para.mongodb.database, or the login in para.mongodb.uri"
        )
    if isinstance(error, ConfigurationError | InvalidURI):
        return ConfigError(f"{place} cannot be used: {_words(error)}; check para.mongodb.uri")
    if _UNTRUSTED in str(error).lower():
        return ConfigError(
            f"{place} is not trusted: {_words(error)}; let the system trust its authority, in "
            "SSL_CERT_FILE for instance; para.mongodb.ssl_allow_all trusts anybody, for trials"
        )
    if _is_away(error):
        return UnavailableError(
            f"{place} cannot be reached: {_words(error)}; is it running, and are para.mongodb.uri, "
            "or para.mongodb.host, para.mongodb.port and para.mongodb.ssl_enabled, right?"
        )
    return as_para_error(error, place)


def is_about_one(error: BaseException) -> bool:
    """Tell whether the data of one write may be to blame, so that others can succeed without it."""
    return not _is_away(error) and not _is_full(error)


def is_definite(error: BaseException) -> bool:
    """Tell whether the server refused what it was asked, so that it does nothing of it later."""
    return isinstance(error, OperationFailure) and not _is_away(error)


def is_transient(error: BaseException) -> bool:
    """Tell whether a transaction that failed like this has done nothing and can be repeated."""
    return isinstance(error, PyMongoError) and error.has_error_label("TransientTransactionError")


def is_unknown(error: BaseException) -> bool:
    """Tell whether a commit that failed like this may have happened, and can be asked again."""
    return isinstance(error, PyMongoError) and error.has_error_label(
        "UnknownTransactionCommitResult"
    )


def _is_away(error: BaseException) -> bool:
    closed = isinstance(error, InvalidOperation) and "after close" in str(error)
    return isinstance(error, _AWAY) or _code(error) in _AWAY_CODES or closed


def _is_full(error: BaseException) -> bool:
    return _code(error) in _FULL_CODES


def _is_about_login(error: BaseException) -> bool:
    return isinstance(error, OperationFailure) and "authenticat" in str(error).lower()


def _code(error: BaseException) -> int | None:
    """Return the number of the error, that of its first write if it is about several."""
    if not isinstance(error, OperationFailure):
        return None
    details = error.details or {}
    if writes := details.get("writeErrors"):
        return int(writes[0]["code"])
    return error.code


def _words(error: BaseException) -> str:
    """Return what the driver says, without its long description of all servers."""
    said = re.split(r", Topology Description:|, full error:| \(configured timeouts", str(error))[0]
    return " ".join(said.split()) or type(error).__name__
