"""Bodies of requests that become part of one object."""

from __future__ import annotations

from para_server.http.answers import AnswerError
from para_server.http.request import Request

__all__ = ["refuse_large"]


def refuse_large(request: Request) -> None:
    """Refuse a body that is larger than an object may be.

    Raises:
        AnswerError: 400, when it is.
    """
    most = request.services.settings.max_entity_size_bytes
    if len(request.body) > most:
        message = f"Request is too large - the maximum is {most // 1024} KB."
        raise AnswerError(400, message)
