"""What errors of the driver and of the server mean to the one who runs Para."""

from __future__ import annotations

import ssl

from redis import exceptions as driver

from para_core.errors import ConfigError, UnavailableError

__all__ = ["FAILURES", "as_away", "as_start_error"]

FAILURES = (driver.RedisError, OSError)
"""Everything that the driver raises by itself."""

_REFUSED = (driver.AuthenticationError, driver.AuthorizationError, driver.NoPermissionError)
_LOGIN = "check para.redis.user and para.redis.password"


def as_away(error: BaseException, place: str) -> UnavailableError:
    """Return what is logged and raised while a server cannot be used; ``place`` has no password."""
    if isinstance(error, UnavailableError):
        return error
    if isinstance(error, TimeoutError | driver.TimeoutError):
        return UnavailableError(f"{place} did not answer within para.redis.timeout_ms")
    if isinstance(error, driver.NoPermissionError):
        return UnavailableError(
            f"{place} does not allow it: {_words(error)}; give the user of para.redis.user the "
            "commands that the documentation lists"
        )
    if isinstance(error, _REFUSED):
        return UnavailableError(f"{place} refuses the login: {_words(error)}; {_LOGIN}")
    return UnavailableError(f"{place}: {_words(error)}")


def as_start_error(error: BaseException, place: str) -> ConfigError | None:
    """Return the error that stops the start; ``None`` when waiting may help, as for a restart."""
    refusal = _cause(error, _REFUSED)
    if refusal is not None:
        return ConfigError(str(as_away(refusal, place)))
    if _cause(error, ssl.SSLError) is not None:
        return ConfigError(
            f"{place} cannot be trusted: {_words(error)}; check para.redis.ca_file, and the name "
            "in para.redis.url"
        )
    if type(error) is driver.ResponseError:
        return ConfigError(f"{place}: {_words(error)}; check para.redis.url")
    return None


def _cause(
    error: BaseException | None, kinds: type[BaseException] | tuple[type[BaseException], ...]
) -> BaseException | None:
    while error is not None and not isinstance(error, kinds):
        error = error.__cause__ or error.__context__
    return error


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
