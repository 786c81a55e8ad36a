"""Turns what the engine raises into our errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from para_core.errors import BackendError, ParaError, StorageFullError, UnavailableError

__all__ = ["WRITER_ENDED", "engine_errors"]

WRITER_ENDED = "index writer was killed"
"""In the engine's words: its thread has failed before; this error does not tell of what."""

_FULL = ("no space left", "file too large", "quota exceeded", "os error 28", "os error 27")
_LOCKED = "lockbusy"  # other failures to lock are of the file system


@contextmanager
def engine_errors(appid: str, doing: str) -> Iterator[None]:
    """Raise one of our errors for each of the engine's, panics of its Rust code among them.

    Args:
        appid: The app whose index is used.
        doing: What was tried, such as ``search``.
    """
    try:
        yield
    except (ParaError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise  # a cancelled task
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        lower = reason.lower()
        if any(sign in lower for sign in _FULL):
            raise StorageFullError(
                f"no space for the index of app {appid!r}: {reason}; free some"
            ) from error
        if _LOCKED in lower:
            raise UnavailableError(
                f"another process writes to the index of app {appid!r}; stop it"
            ) from error
        raise BackendError(f"could not {doing} the index of app {appid!r}: {reason}") from error
