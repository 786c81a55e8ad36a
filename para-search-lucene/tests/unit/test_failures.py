"""Errors of the engine become errors of ours."""

from __future__ import annotations

import asyncio

import pytest

from para_core.errors import BackendError, ConfigError, StorageFullError, UnavailableError
from para_search_lucene.failures import engine_errors


class PanicException(BaseException):
    pass


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (
            ValueError("An IO error occurred: No space left on device (os error 28)"),
            StorageFullError,
        ),
        (OSError("File too large (os error 27)"), StorageFullError),
        (ValueError("Failed to acquire Lockfile: LockBusy."), UnavailableError),
        (
            ValueError(
                "Failed to acquire Lockfile: IoError(Os { code: 2, kind: NotFound, message: "
                '"No such file or directory" }). Some("Failed to acquire index lock.")'
            ),
            BackendError,
        ),
        (ValueError("whatever"), BackendError),
        (PanicException("range end index 85 out of range"), BackendError),
    ],
    ids=["space", "size", "lock", "no folder for the lock", "other", "panic"],
)
def test_each_has_its_kind(raised: BaseException, expected: type[BackendError]) -> None:
    with pytest.raises(BackendError, match="'app'") as caught, engine_errors("app", "search"):
        raise raised
    assert type(caught.value) is expected
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "raised", [ConfigError("x"), KeyboardInterrupt(), asyncio.CancelledError()], ids=repr
)
def test_others_pass_through(raised: BaseException) -> None:
    with pytest.raises(type(raised)), engine_errors("app", "search"):
        raise raised
