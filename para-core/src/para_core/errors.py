"""What can go wrong, as one tree.

::

    ParaError
    ├── ConfigError                 a setting is missing, malformed or out of range
    ├── PluginError                 a plugin is missing, broken, too new, or clashes by name
    ├── InvalidObjectError          an object breaks a rule of its type or a constraint of its app
    ├── UnusableBodyError           a body that is no object, or has values no field can take
    ├── UnusableFileError           a file that no store keeps: an unsafe path, or too large
    ├── SignInError                 somebody could not prove to be who they say
    ├── QueryError                  a query string that the grammar refuses
    │   └── QueryTooLargeError      one that nests too deep or has too many clauses
    ├── ConflictError               a write met a state other than the one it expected
    │   └── VersionConflictError    the version a client sent is not the stored one
    └── BackendError                a database, index, cache or queue failed
        ├── UnavailableError        it cannot be reached, or did not answer in time
        │   └── IndexMovedError     an index was removed or replaced, or another server writes it
        └── StorageFullError        it has no space left

Every error has a stable ``code``; only the server's table of answers knows HTTP statuses.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "BackendError",
    "ConfigError",
    "ConflictError",
    "IndexMovedError",
    "InvalidObjectError",
    "ParaError",
    "PluginError",
    "QueryError",
    "QueryTooLargeError",
    "SignInError",
    "StorageFullError",
    "UnavailableError",
    "UnusableBodyError",
    "UnusableFileError",
    "VersionConflictError",
]


class ParaError(Exception):
    """Root of all errors that Para raises on purpose; the message is one line for people."""

    code = "error"


class ConfigError(ParaError):
    """A setting is missing, malformed or out of range; the message names the key and the place."""

    code = "config"


class PluginError(ParaError):
    """A plugin is missing, broken, made for another host, or offers a name twice."""

    code = "plugin"


class InvalidObjectError(ParaError):
    """An object breaks rules; nothing of it is stored."""

    code = "invalid-object"

    def __init__(self, messages: Sequence[str]) -> None:
        self.messages = list(messages)
        super().__init__(". ".join(self.messages))


class UnusableBodyError(ParaError):
    """A body cannot be made into an object of its type."""

    code = "unusable-body"


class UnusableFileError(ParaError):
    """A file cannot be kept under this path, or is too large; what was there stays."""

    code = "unusable-file"

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"cannot store the file {path!r}: {reason}")


class SignInError(ParaError):
    """Somebody could not prove to be who they say; nothing was stored.

    The message is for the person and tells nothing about accounts; ``reason`` is for the log.
    """

    code = "sign-in"

    def __init__(self, message: str = "Bad credentials.", *, reason: str = "") -> None:
        self.message, self.reason = message, reason or message
        super().__init__(message)


class QueryError(ParaError):
    """A query string breaks the grammar; ``query`` is the text as it came."""

    code = "query"

    def __init__(self, query: str, reason: str) -> None:
        self.query, self.reason = query, reason
        super().__init__(f"cannot read the query {query!r}: {reason}")


class QueryTooLargeError(QueryError):
    """A query string is beyond the limits of depth or clauses, whatever it says."""

    code = "query-too-large"


class ConflictError(ParaError):
    """A write expected another state of these objects; nothing of the write is stored."""

    code = "conflict"

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = list(keys)
        shown = ", ".join(repr(key) for key in self.keys[:3])
        super().__init__(f"{shown} changed since they were read; read them again")


class VersionConflictError(ConflictError):
    """A client sent a version other than the stored one."""

    code = "version-conflict"

    def __init__(self, key: str, *, expected: int, stored: int) -> None:
        super().__init__([key])
        self.key, self.expected, self.stored = key, expected, stored
        self.args = (f"object {key!r} is at version {stored}, not {expected}; read it again",)


class BackendError(ParaError):
    """A back-end failed; what it was asked to do did not happen unless the subclass says so."""

    code = "backend"


class UnavailableError(BackendError):
    """A back-end cannot be reached or did not answer in time; the request may be repeated."""

    code = "unavailable"


class IndexMovedError(UnavailableError):
    """An index was removed, replaced, or is written by another server; nothing in it is wrong."""

    code = "index-moved"

    def __init__(self, appid: str) -> None:
        self.appid = appid
        super().__init__(
            f"the index of {appid} was removed or replaced, or another server writes it now"
        )


class StorageFullError(BackendError):
    """A back-end has no space left; nothing of the write is stored, reads go on."""

    code = "storage-full"
