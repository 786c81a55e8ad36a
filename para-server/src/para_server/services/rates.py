"""How often an app may do something within a minute, an hour and a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from para_core.errors import ParaError

if TYPE_CHECKING:
    from para_core.contracts.cache import Cache
    from para_core.objects import App
    from para_server.services.container import Clock

__all__ = ["Rate", "Rates", "TooManyError"]

_MINUTE_SEC, _HOUR_SEC, _DAY_SEC = 60, 3600, 86_400


class TooManyError(ParaError):
    """Something was done too often; it may be done again after ``retry_after_sec``."""

    code = "too-many"

    def __init__(self, subject: str, retry_after_sec: int) -> None:
        self.subject, self.retry_after_sec = subject, retry_after_sec
        super().__init__(f"too many {subject}; try again in {retry_after_sec} seconds")


@dataclass(frozen=True, slots=True)
class Rate:
    """The limits of one subject; those of apps that share a table are lower."""

    subject: str
    alone: tuple[int, int, int]  # in a minute, an hour, a day
    sharing: tuple[int, int, int]

    def of(self, app: App) -> tuple[int, int, int]:
        """Return what holds for an app."""
        return self.sharing if app.sharing_table else self.alone


class Rates:
    """Counts on the counters of the cache, so that several servers count together.

    Source: Para 1.54, ``RateLimiter``; there an hour and a day begin with their first request.
    """

    def __init__(self, cache: Cache, *, clock: Clock) -> None:
        self._cache, self._clock = cache, clock

    async def take(self, app: App, rate: Rate) -> None:
        """Count one; what is refused does not count.

        Raises:
            TooManyError: A limit is reached.
        """
        now_sec, taken = self._clock() // 1000, []
        windows = zip((_MINUTE_SEC, _HOUR_SEC, _DAY_SEC), rate.of(app), strict=True)
        for length_sec, most in windows:
            number, passed_sec = divmod(now_sec, length_sec)
            name = f"rate:{rate.subject}:{length_sec}:{number}"
            count = await self._cache.increment(app.identifier, name, ttl_sec=length_sec)
            taken.append((name, length_sec))
            if count > most:
                for counted, ttl_sec in taken:
                    await self._cache.increment(app.identifier, counted, by=-1, ttl_sec=ttl_sec)
                raise TooManyError(rate.subject, length_sec - passed_sec)
