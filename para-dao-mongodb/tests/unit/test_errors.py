"""What errors of the driver become."""

from __future__ import annotations

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    DocumentTooLarge,
    ExecutionTimeout,
    InvalidOperation,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
)

from para_core.errors import BackendError, ConfigError, StorageFullError, UnavailableError
from para_dao_mongodb.errors import as_para_error, as_start_error, is_about_one

PLACE = "mongodb://h:1/para"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ServerSelectionTimeoutError("no servers"), UnavailableError),
        (AutoReconnect("reset"), UnavailableError),
        (NotPrimaryError("election"), UnavailableError),
        (ExecutionTimeout("slow", 50), UnavailableError),
        (TimeoutError(), UnavailableError),
        (InvalidOperation("Cannot use AsyncMongoClient after close"), UnavailableError),
        (OperationFailure("write conflict", 112), UnavailableError),
        (OperationFailure("shutting down", 11600), UnavailableError),
        (OperationFailure("no space", 14031), StorageFullError),
        (BulkWriteError({"writeErrors": [{"code": 14031, "errmsg": "full"}]}), StorageFullError),
        (BulkWriteError({"writeErrors": [{"code": 121, "errmsg": "bad"}]}), BackendError),
        (OperationFailure("not allowed", 13), BackendError),
        (DocumentTooLarge("16777217 bytes"), BackendError),
    ],
)
def test_errors_of_the_driver_become_ours(error: Exception, kind: type[Exception]) -> None:
    found = as_para_error(error, PLACE)
    assert type(found) is kind
    assert PLACE in str(found)
    assert "\n" not in str(found)


@pytest.mark.parametrize(
    ("error", "kind", "key"),
    [
        (OperationFailure("Authentication failed.", 18), ConfigError, "para.mongodb.password"),
        (OperationFailure("not authorized", 13), ConfigError, "para.mongodb.user"),
        (ConfigurationError("unknown option"), ConfigError, "para.mongodb.uri"),
        (ServerSelectionTimeoutError("refused"), UnavailableError, "para.mongodb.host"),
        (
            ServerSelectionTimeoutError("[SSL: X] certificate verify failed: Hostname mismatch"),
            ConfigError,
            "para.mongodb.ssl_allow_all",
        ),
        (OperationFailure("odd", 2), BackendError, "odd"),
    ],
)
def test_errors_at_the_start_name_the_key_that_helps(
    error: Exception, kind: type[Exception], key: str
) -> None:
    found = as_start_error(error, PLACE)
    assert type(found) is kind
    assert key in str(found)


def test_the_description_of_all_servers_is_left_out() -> None:
    error = ServerSelectionTimeoutError("h:1: refused, Timeout: 1s, Topology Description: <long>")
    assert str(as_para_error(error, PLACE)).endswith("h:1: refused, Timeout: 1s")


@pytest.mark.parametrize(
    ("error", "is_about"),
    [
        (DocumentTooLarge("big"), True),
        (OperationFailure("invalid", 121), True),
        (AutoReconnect("reset"), False),
        (OperationFailure("full", 14031), False),
    ],
)
def test_only_what_lies_in_the_data_is_about_one_write(error: Exception, *, is_about: bool) -> None:
    assert is_about_one(error) is is_about
