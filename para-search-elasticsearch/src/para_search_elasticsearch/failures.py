"""Turns what a cluster refuses, and a connection that fails, into our errors."""

from __future__ import annotations

from typing import Any

from para_core.errors import BackendError, StorageFullError, UnavailableError

__all__ = [
    "STALE",
    "BusyError",
    "RefusedError",
    "cause_of",
    "error_of",
    "is_full",
    "is_of_index",
    "is_rejection",
]

_MOST_CHARS = 300  # of a reason in a message
_BUSY, _GONE, _FAULTS = 429, 404, 500

_BLOCKED, _CLOSED = "cluster_block_exception", "index_closed_exception"
_MISSING = "index_not_found_exception"
_OF_INDEX = {_BLOCKED, _CLOSED, _MISSING, "security_exception"}

STALE = "version_conflict_engine_exception"
"""What it calls a write when the document is at a later version."""


class RefusedError(BackendError):
    """The cluster answered with an error; ``kind`` is its own name for it."""

    code = "backend"

    def __init__(self, status: int, kind: str, reason: str, doing: str) -> None:
        self.status, self.kind, self.reason = status, kind, reason
        said = f"{kind}: {reason}" if kind else reason
        super().__init__(f"the search cluster could not {doing} ({status}): {said}")

    @property
    def is_no_index(self) -> bool:
        """Whether the cluster says so, and not somebody in front of it."""
        return self.kind == _MISSING

    @property
    def is_missing(self) -> bool:
        """Whether the index or the alias is not there."""
        return self.status == _GONE


class BusyError(UnavailableError):
    """The cluster has too much to do; the same request may be taken a moment later."""


def error_of(status: int, answer: object, doing: str) -> BackendError:
    """Return our error for an answer that is none of those a caller waits for.

    Args:
        status: Of HTTP.
        answer: The body, decoded where it is JSON.
        doing: What was tried, such as ``search``.
    """
    kind, reason = cause_of(answer)
    if is_full(kind, reason):
        return StorageFullError(
            f"the disk of the search cluster is too full to {doing}: {reason}; free some space"
        )
    if kind in (_BLOCKED, _CLOSED) and status < _FAULTS:
        return UnavailableError(f"the search cluster is told not to {doing}: {reason}")
    if status == 401:  # noqa: PLR2004
        return UnavailableError(
            "the search cluster refuses the login; see para.es.basic_auth_login and "
            "para.es.basic_auth_password, or para.es.sign_requests_to_aws"
        )
    if status == 403:  # noqa: PLR2004 - what AWS says to a key that is wrong or over, too
        return UnavailableError(
            f"the search cluster does not let this user {doing}: {reason}; give the user of "
            "para.es.basic_auth_login, or of the AWS key, that right"
        )
    if status in (_BUSY, 502, 503, 504):
        return BusyError(f"the search cluster cannot {doing} now ({status}): {reason}")
    return RefusedError(status, kind, reason, doing)


def cause_of(answer: object) -> tuple[str, str]:
    """Return the name and the words of the error in an answer, or in an item of a bulk."""
    error: Any = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        roots = error.get("root_cause")
        if isinstance(roots, list) and roots and isinstance(roots[0], dict):
            error = {**error, **roots[0]}
        cause = error.get("caused_by")
        because = f"; {cause.get('reason')}" if isinstance(cause, dict) else ""
        return str(error.get("type", "")), _line(f"{error.get('reason')}{because}")
    if isinstance(answer, dict) and isinstance(answer.get("message"), str):  # of AWS
        return "", _line(answer["message"])
    return "", _line(str(error or answer or "no reason given"))


def is_full(kind: str, reason: str) -> bool:
    """Return whether writes are blocked until somebody frees space."""
    lower = reason.lower()
    if kind == _BLOCKED:
        return "flood" in lower or "allow delete" in lower or "allow-delete" in lower
    return "no space left" in lower


def is_rejection(status: int, kind: str, reason: str) -> bool:
    """Return whether an item was refused for a moment only.

    The cluster has too much to do, or a shard fails, which says nothing of the object.
    """
    return (status == _BUSY or status >= _FAULTS) and not is_full(kind, reason)


def is_of_index(status: int, kind: str) -> bool:
    """Return whether an item was refused as all others are: the index takes nothing."""
    return kind in _OF_INDEX and status < _FAULTS


def _line(text: str) -> str:
    return " ".join(text.split())[:_MOST_CHARS]
