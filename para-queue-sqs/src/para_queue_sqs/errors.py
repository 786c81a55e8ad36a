"""What botocore raises and SQS answers, as errors of Para that say which key would help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore import exceptions
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
)

from para_core.errors import BackendError, ConfigError, ParaError, UnavailableError

if TYPE_CHECKING:
    from para_queue_sqs.place import Place

__all__ = [
    "AbsentQueueError",
    "RefusedError",
    "StaleReceiptError",
    "as_para_error",
    "refused",
    "was_not_taken",
]

_ABSENT = {"QueueDoesNotExist", "NonExistentQueue"}
_STALE = {"ReceiptHandleIsInvalid", "InvalidReceiptHandle", "MessageNotInflight"}
_REFUSED = {
    *("AccessDenied", "AccessDeniedException", "AuthFailure", "ExpiredToken", "OptInRequired"),
    *("ExpiredTokenException", "IncompleteSignature", "InvalidAccessKeyId", "InvalidSecurity"),
    *("InvalidClientTokenId", "MissingAuthenticationToken", "SignatureDoesNotMatch"),
    *("InvalidSignatureException", "UnrecognizedClientException"),
}
_BUSY = {
    *("RequestThrottled", "Throttling", "ThrottlingException", "TooManyRequestsException"),
    *("KmsThrottled", "OverLimit", "SlowDown", "QueueDeletedRecently"),
}
_SERVER_TROUBLE = 500  # and above: nobody knows how far the request came
_UNUSABLE = (NoCredentialsError, NoRegionError)


class AbsentQueueError(BackendError):
    """The queue is not there, or not any more."""

    code = "queue-absent"


class RefusedError(BackendError):
    """The service does not let this key do it."""

    code = "queue-refused"


class StaleReceiptError(BackendError):
    """A receipt is of a message that is gone or was pulled again."""

    code = "queue-stale-receipt"


def as_para_error(error: Exception, place: Place, queue: str) -> ParaError:
    """Return what is raised in place of an error of the driver."""
    if isinstance(error, ClientError):
        answer = error.response
        code = str(answer.get("Error", {}).get("Code", ""))
        message = str(answer.get("Error", {}).get("Message", ""))
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return _of_code(code, message, status, queue)
    if isinstance(error, TimeoutError):
        return UnavailableError(
            f"the queue {queue} did not answer within para.sqs.timeout_ms ({place.timeout_ms})"
        )
    if isinstance(error, _UNUSABLE):
        missing = "region" if isinstance(error, NoRegionError) else "access_key and secret_key"
        return ConfigError(
            f"the queue {queue} cannot be asked: {_line(error)}; set para.sqs.{missing}, "
            "or what AWS tools use"
        )
    if isinstance(error, HTTPClientError | exceptions.ConnectionError):
        return UnavailableError(
            f"the queue {queue} cannot be reached: {_line(error)}; {_advice(place)}"
        )
    if isinstance(error, BotoCoreError):
        return BackendError(f"the queue {queue} failed: {_line(error)}")
    return BackendError(f"the queue {queue} failed: {type(error).__name__}")


def was_not_taken(error: Exception) -> bool:
    """Return whether it is certain that the service did nothing, so that it may be asked again."""
    if isinstance(error, ClientError):
        return _short(str(error.response.get("Error", {}).get("Code", ""))) in _BUSY
    return isinstance(error, ConnectTimeoutError | EndpointConnectionError)


def refused(code: str, message: str, queue: str) -> ParaError:
    """Return the error for one item of a batch."""
    return _of_code(code, message, 400, queue)


def _of_code(code: str, message: str, status: int, queue: str) -> ParaError:
    name = _short(code)
    is_stale = name in _STALE or (name == "InvalidParameterValue" and "ReceiptHandle" in message)
    if name in _ABSENT:
        return AbsentQueueError(f"the queue {queue} is not there")
    if is_stale:
        return StaleReceiptError(f"a receipt of the queue {queue} does not count any more")
    if name in _REFUSED:
        return RefusedError(
            f"the queue {queue} may not be used ({name}); see para.sqs.access_key and "
            "para.sqs.secret_key, or what AWS tools use, and the permissions of that key"
        )
    if name in _BUSY or status >= _SERVER_TROUBLE:
        return UnavailableError(f"the queue {queue} is busy or in trouble ({name or status})")
    return BackendError(f"the queue {queue} refused the request ({name or status}): {message}")


def _advice(place: Place) -> str:
    if place.endpoint is None:
        return f"see para.sqs.region ({place.region or 'none'}) and the network"
    return f"see para.sqs.endpoint ({place.endpoint}), or para.env for AWS"


def _short(code: str) -> str:
    """Return a code without what some answers have in front: ``AWS.SimpleQueueService.``."""
    return code.rpartition(".")[2].rpartition("#")[2]


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
