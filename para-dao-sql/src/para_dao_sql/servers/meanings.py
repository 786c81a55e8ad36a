"""What codes of errors mean to the one who runs Para.

Each product brings its codes, with the page of its documentation that explains them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from para_core.errors import BackendError, ConfigError, StorageFullError, UnavailableError

__all__ = ["Meanings"]


@dataclass(frozen=True)
class Meanings:
    """The errors of one product."""

    codes_of: Callable[[BaseException], frozenset[str]]
    """The codes that the server or the driver gives; without any, the server did not answer."""

    words_of: Callable[[BaseException], str]
    full: frozenset[str]  # no space left
    away: frozenset[str]  # out of reach, too slow, or busy
    refused: frozenset[str]  # what the address or the login is to blame for
    tls: frozenset[str]  # what encryption is to blame for; after the start, a line that was cut
    tls_help: str  # what to look at then
    locked: frozenset[str]  # somebody else has what was wanted
    deadlock: frozenset[str]  # undone only for meeting another transaction

    def as_para_error(self, error: BaseException, place: str) -> BackendError:
        """Return what a caller gets to see; ``place`` is the address without password."""
        if self._is(error, self.full):
            return StorageFullError(f"{place} has no space left; nothing of the write is stored")
        words = self.words_of(error)
        if self._is_away(error):
            return UnavailableError(f"{place} is out of reach or too slow: {words}")
        return BackendError(f"{place}: {words}")

    def as_start_error(self, error: BaseException, place: str) -> ConfigError | BackendError:
        """Return the error that stops the start, with the key that would help."""
        words = self.words_of(error)
        if self._is(error, self.tls):
            return ConfigError(f"{place} cannot be used: {words}; {self.tls_help}")
        if self._is(error, self.refused):
            return ConfigError(
                f"{place} cannot be used: {words}; check para.sql.url, para.sql.user and "
                "para.sql.password"
            )
        if self._is_away(error):
            return UnavailableError(
                f"{place} cannot be reached: {words}; is it running, and is para.sql.url right?"
            )
        return self.as_para_error(error, place)

    def is_about_one(self, error: BaseException) -> bool:
        """Tell whether the data of one write may be to blame, so that others can succeed."""
        return not self._is_away(error) and not self._is(error, self.full)

    def is_locked(self, error: BaseException) -> bool:
        """Tell whether somebody else has what was wanted."""
        return self._is(error, self.locked)

    def is_deadlock(self, error: BaseException) -> bool:
        """Tell whether a transaction was undone because it and another waited for each other."""
        return self._is(error, self.deadlock)

    def _is_away(self, error: BaseException) -> bool:
        codes = self.codes_of(error)
        return not codes or bool(codes & (self.away | self.locked | self.deadlock | self.tls))

    def _is(self, error: BaseException, codes: frozenset[str]) -> bool:
        return bool(self.codes_of(error) & codes)
