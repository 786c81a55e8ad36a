"""What errors of the driver and of the server mean to the one who runs Para."""

from __future__ import annotations

import re
import ssl

from asyncmy.errors import MySQLError

from para_core.errors import BackendError, ConfigError, StorageFullError, UnavailableError

__all__ = [
    "DUPLICATE",
    "FAILURES",
    "TOO_LARGE",
    "as_para_error",
    "as_start_error",
    "is_about_one",
    "is_deadlock",
    "is_locked",
    "is_missing_table",
    "number_of",
]

FAILURES: tuple[type[Exception], ...] = (MySQLError, OSError)
"""Everything that asyncmy raises by itself."""

# Numbers of the server's errors: mariadb.com/kb/en/mariadb-error-codes, and MySQL's from 3000 on.
DUPLICATE = 1062
TOO_LARGE = 1153
_DEADLOCK = 1213
_LOCKED = {1205, 3572}  # waited long enough; not waited at all, as was asked
_NO_TABLE = {1146, 1412}  # the second: it was made after the snapshot began
_FULL = {1021, 1114}  # disk full; table full
_AWAY = {
    1040,  # too many connections
    1053,  # shutdown
    *(1129, 1203, 1226),  # this host, or this user, has too many
    *(1158, 1159, 1160, 1161),  # the network
    *(*_LOCKED, _DEADLOCK),
    *(1317, 1927, 1969, 3024),  # interrupted, connection killed, statement took too long
}
_MISSING = {
    *(1044, 1045, 1049, 1130, 1142, 1227, 1698),  # access, database, host
    *(1290, 1792, 1836),  # the server or the session only reads
    *(1251, 2059, 2061),  # ways to sign in that one side does not know
}
_SERVER = range(1, 2000), range(3000, 2**16)  # the others are the driver's own
_NO_SPACE = re.compile(r"(errno|errcode|error):? \"?28\b|No space left", re.IGNORECASE)


def number_of(error: BaseException) -> int | None:
    """Return the number of an error that the server has answered with; its session goes on."""
    number = error.args[0] if isinstance(error, MySQLError) and error.args else None
    if isinstance(number, int) and any(number in numbers for numbers in _SERVER):
        return number
    return None


def is_missing_table(error: BaseException) -> bool:
    """Tell whether a question was about a table that is not there."""
    return number_of(error) in _NO_TABLE


def is_deadlock(error: BaseException) -> bool:
    """Tell whether the server undid a transaction because it and another waited for each other."""
    return number_of(error) == _DEADLOCK


def is_locked(error: BaseException) -> bool:
    """Tell whether somebody else has what was wanted."""
    return number_of(error) in _LOCKED


def as_para_error(error: BaseException, place: str) -> BackendError:
    """Return the error that a caller gets to see; ``place`` is the address without password."""
    if _is_full(error):
        return StorageFullError(f"{place} has no space left; nothing of the write is stored")
    if _is_away(error):
        return UnavailableError(f"{place} is out of reach or too slow: {_words(error)}")
    if number_of(error) == TOO_LARGE:
        said = f"an object is too large for {place}: {_words(error)}"
        return BackendError(f"{said}; raise max_allowed_packet there")
    return BackendError(f"{place}: {_words(error)} ({number_of(error)})")


def as_start_error(error: BaseException, place: str) -> ConfigError | BackendError:
    """Return the error that stops the start, with the key that would help."""
    if _is_of_tls(error):
        return ConfigError(
            f"{place} cannot be used: {_words(error)}; check sslMode and serverSslCert in "
            "para.sql.url"
        )
    if _number(error) in _MISSING:
        return ConfigError(
            f"{place} cannot be used: {_words(error)}; check para.sql.url, para.sql.user and "
            "para.sql.password"
        )
    if _is_away(error):
        return UnavailableError(
            f"{place} cannot be reached: {_words(error)}; is it running, and is para.sql.url right?"
        )
    return as_para_error(error, place)


def is_about_one(error: BaseException) -> bool:
    """Tell whether the data of one write may be to blame, so that others can succeed without it."""
    return not _is_away(error) and not _is_full(error)


def _is_full(error: BaseException) -> bool:
    number = number_of(error)
    return number in _FULL or (number is not None and bool(_NO_SPACE.search(str(error))))


def _is_away(error: BaseException) -> bool:
    """Tell whether nothing came back, or only that it cannot be now."""
    number = number_of(error)
    return number in _AWAY or (number is None and isinstance(error, FAILURES))


def _is_of_tls(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError)


def _number(error: BaseException) -> object:
    return error.args[0] if error.args else None


def _words(error: BaseException) -> str:
    said = error.args[-1] if isinstance(error, MySQLError) and error.args else error
    return " ".join(str(said).split()) or type(error).__name__
