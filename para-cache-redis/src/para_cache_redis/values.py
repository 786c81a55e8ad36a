"""Values and counters: small things that live in the cache only."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import msgspec

from para_cache_redis.keeper import Keeper
from para_cache_redis.names import TOKEN_BYTES, Names, epoch_token, new_token
from para_cache_redis.scripts import COUNT, VALUE
from para_core.errors import UnavailableError
from para_core.memory.bounded import BoundedMap

__all__ = ["Values"]

_COUNTERS = 10_000  # of which this process knows what they were
_ENTRY_BYTES = 500


class Values:
    """The part of the cache that is no copy of anything.

    While Redis is away there are no values; what should be removed is removed before anybody reads
    again. Counters go on in this process, from where they were: they limit how often somebody may
    try a password.
    """

    def __init__(self, keeper: Keeper, names: Names, *, clock: Callable[[], float]) -> None:
        self._keeper, self._names = keeper, names
        size = _COUNTERS * _ENTRY_BYTES * 2
        self._counters = BoundedMap[int](max_entries=_COUNTERS, max_bytes=size, clock=clock)

    async def value(self, appid: str, name: str) -> object | None:
        """Return a copy of a value, if there is one."""
        session, names = self._keeper.session, self._names
        if session is None:
            return None
        keys = (names.epoch, names.generation(appid), names.value(appid, name))
        try:
            epoch, generation, found = await session.ask("MGET", *keys)
        except UnavailableError:
            return None
        if epoch is None or generation is None or found is None:
            return None
        if found[: 2 * TOKEN_BYTES] != epoch_token(epoch) + generation:
            return None
        value: object = msgspec.json.decode(found[2 * TOKEN_BYTES :])
        return value

    async def put(self, appid: str, name: str, value: object, life_ms: int) -> None:
        """Keep a value; ``None`` removes it."""
        session, names = self._keeper.session, self._names
        data = b"" if value is None else msgspec.json.encode(value)
        left = self._keeper.undelivered
        if session is None:
            left.add_value(appid, name)
            return
        key = names.value(appid, name)
        if value is None:
            asked = session.ask("DEL", key, lost=lambda: left.add_value(appid, name))
        else:
            asked = session.run_script(
                VALUE,
                [names.epoch, names.generation(appid), key],
                self._keeper.new_epoch(session),
                new_token(),
                life_ms,
                data,
                lost=lambda: left.add_value(appid, name),
            )
        with contextlib.suppress(UnavailableError):
            await asked

    async def increment(self, appid: str, name: str, by: int, ttl_sec: float) -> int:
        """Add to a counter and return what it is then."""
        session, names = self._keeper.session, self._names
        count: int | None = None
        if session is not None:
            with contextlib.suppress(UnavailableError):
                count = await session.run_script(
                    COUNT,
                    [names.generation(appid), names.counter(appid, name)],
                    new_token(),
                    by,
                    max(1, int(ttl_sec * 1000)),
                )
        slot = (appid, name)
        known = self._counters.get(slot)
        if count is None:
            count = (known or 0) + by
        if known is None:
            self._counters.put(slot, count, size=_ENTRY_BYTES + len(name), ttl_sec=ttl_sec)
        else:
            self._counters.replace(slot, count)
        return count

    def clear(self, appid: str) -> None:
        """Forget the counters of an app."""
        self._counters.clear(appid)
