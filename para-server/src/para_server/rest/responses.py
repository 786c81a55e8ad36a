"""The one table that knows which HTTP status each error answers with."""

from __future__ import annotations

import logging

from para_core.errors import (
    BackendError,
    ConflictError,
    InvalidObjectError,
    ParaError,
    QueryError,
    StorageFullError,
    UnavailableError,
    UnusableBodyError,
    VersionConflictError,
)
from para_server.access.demand import NotAllowedError
from para_server.http.answers import Answer, AnswerError, error_answer
from para_server.logs.requests import request_id
from para_server.services.forms import FormNotFoundError, NoPersonError
from para_server.services.mailing import NotSentError
from para_server.services.messages import InvalidMessageError
from para_server.services.objects import ForbiddenObjectError
from para_server.services.rates import TooManyError
from para_server.services.users import TakenError

__all__ = ["STATUSES", "answer_of"]

logger = logging.getLogger(__name__)

STATUSES: list[tuple[type[Exception], int, str | None]] = [
    (InvalidObjectError, 400, None),
    (UnusableBodyError, 400, None),
    (QueryError, 400, None),
    (ForbiddenObjectError, 400, ""),
    (TakenError, 400, ""),
    (InvalidMessageError, 400, None),
    (NotSentError, 400, ""),
    (NotAllowedError, 403, None),
    (NoPersonError, 403, None),
    (FormNotFoundError, 404, None),
    (TooManyError, 429, ""),
    (VersionConflictError, 412, "Update failed due to 'version' mismatch."),
    (ConflictError, 409, None),
    (StorageFullError, 507, "There is no space left to store this."),
    (UnavailableError, 503, "A back-end does not answer; try again later."),
    (BackendError, 500, "A back-end failed."),
    (ParaError, 500, None),
]
"""Error, status, and the message: ``None`` the error's own, empty the phrase of the status."""

_FAILURE, _LATER = 500, (429, 503)


def answer_of(error: Exception) -> Answer:
    """Return the answer that an error gives; what is our failure is logged."""
    if isinstance(error, AnswerError):
        return error_answer(error.status, error.message, error.headers)
    for kind, status, message in STATUSES:
        if isinstance(error, kind):
            if status >= _FAILURE:
                logger.error("a request failed: %s", error, exc_info=status == _FAILURE)
            later = str(getattr(error, "retry_after_sec", 1)).encode()
            headers = _traced(status)
            if status in _LATER:
                headers.append((b"retry-after", later))
            return error_answer(status, str(error) if message is None else message, headers)
    logger.error("a request failed", exc_info=error)
    return error_answer(_FAILURE, headers=_traced(_FAILURE))


def _traced(status: int) -> list[tuple[bytes, bytes]]:
    """Return the header by which the lines about a failure are found in the log."""
    found = request_id() if status >= _FAILURE else ""
    return [(b"x-request-id", found.encode())] if found else []
