"""``RedisCache``: one cache for all nodes, and a part of it in the memory of each."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from para_cache_redis.address import parse_address
from para_cache_redis.keeper import MARKER_SEC, Keeper, clear_app, remove_records
from para_cache_redis.names import (
    TOKEN_BYTES,
    Names,
    change_text,
    decode_record,
    encode_record,
    epoch_token,
    new_token,
)
from para_cache_redis.near import Near
from para_cache_redis.news import below_of_put, below_of_removal, news_of_records
from para_cache_redis.scripts import PUT
from para_cache_redis.session import Answer
from para_cache_redis.settings import RedisSettings
from para_cache_redis.tickets import Tickets
from para_cache_redis.values import Values
from para_core.contracts.cache import Cache
from para_core.contracts.dao import Record, is_storable
from para_core.errors import UnavailableError

__all__ = ["RedisCache"]

T = TypeVar("T")

_MOST_KEYS = 500  # that one request names


class RedisCache(Cache):
    """Records, values and counters in Redis; see ``docs/explanation/redis-cache.md``.

    What another node writes is seen at once by who asks Redis, and within ``stale_ms`` by who is
    answered from the memory of its process (``peek``). A server that is away costs each request
    ``timeout_ms`` at most, and nothing from then on until it is back.
    """

    is_shared = True

    def __init__(
        self,
        settings: RedisSettings,
        *,
        cluster: str = "para",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make it; ``cluster`` is the name that all nodes have in common.

        Raises:
            ConfigError: The address is none.
        """
        self._ttl_sec = settings.ttl_sec
        self._names = Names(cluster)
        self._near = Near(entries=settings.near_entries, size=settings.near_bytes, clock=clock)
        self._tickets = Tickets()
        self._keeper = Keeper(
            settings, parse_address(settings), self._names, self._near, clock=clock
        )
        self._undelivered = self._keeper.undelivered
        self._values = Values(self._keeper, self._names, clock=clock)
        self.peek = self._near.get  # type: ignore[method-assign]  # it is on the hot path

    async def open(self) -> None:
        """Connect; a server that is away is waited for in the background."""
        await self._keeper.open()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._keeper.close()

    @property
    def is_connected(self) -> bool:
        """Whether Redis is used now, and news of the other nodes come in."""
        return self._keeper.session is not None and self._near.is_trusted

    # ---- reading ------------------------------------------------------------------------------

    async def get(self, appid: str, key: str) -> Record | None:
        """Return the record with this id, if it is held."""
        found = self._near.get(appid, key)
        return found if found is not None else (await self._read(appid, [key])).get(key)

    def peek_all(self, appid: str, keys: Sequence[str]) -> list[Record] | None:
        """Return all of these records, if this process holds them."""
        return self._near.get_all(appid, keys)

    async def get_all(self, appid: str, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records that are held, in the order of ``keys``."""
        near = self._near.get
        found = {key: record for key in keys if (record := near(appid, key)) is not None}
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            found |= await self._read(appid, missing)
        return {key: found[key] for key in keys if key in found}

    async def contains(self, appid: str, key: str) -> bool:
        """Tell whether a record is held."""
        return await self.get(appid, key) is not None

    async def _read(self, appid: str, keys: Iterable[str]) -> dict[str, Record]:
        session, near = self._keeper.session, self._near
        wanted = [key for key in keys if _is_name(key)] if _is_name(appid) else []
        if session is None or not wanted:
            return {}
        ticket, names = near.ticket(), self._names
        parts = list(_parts(wanted))
        tokens = (names.epoch, names.generation(appid))
        asked = [
            session.ask("MGET", *tokens, *(names.record(appid, key) for key in part))
            for part in parts
        ]
        found: dict[str, Record] = {}
        try:
            for part, answer in zip(parts, await asyncio.gather(*asked), strict=True):
                self._sort_out(appid, part, answer, ticket, found)
        except UnavailableError:
            return {}
        return found

    def _sort_out(
        self,
        appid: str,
        keys: Sequence[str],
        answer: Sequence[bytes | None],
        ticket: int,
        found: dict[str, Record],
    ) -> None:
        epoch, generation, *values = answer
        if epoch is None:
            return
        self._keeper.note_epoch(epoch_token(epoch))
        tokens = epoch_token(epoch) + (generation or b"")
        is_known = generation is not None
        for key, value in zip(keys, values, strict=True):
            if is_known and value is not None and value[: 2 * TOKEN_BYTES] == tokens:
                record, is_short = decode_record(key, value)
                found[key] = record
                if not is_short:
                    self._near.put(appid, record, ticket)
            else:
                self._tickets.note(appid, key, tokens)

    # ---- writing ------------------------------------------------------------------------------

    async def put_all(
        self, appid: str, records: Iterable[Record], *, ttl_sec: float | None = None
    ) -> None:
        """Keep records that were written, and tell the other nodes."""
        known = _usable(appid, records)
        if self._keeper.has_doubts:  # what replaced them may have been written before
            await self._evict(appid, [(record.id, record.change) for record in known])
            return
        self._hear_of(appid, known)
        asked = [(part, self._put(appid, part, ttl_sec)) for part in _parts(known)]
        await self._keep_near(appid, asked, is_short=_is_short(ttl_sec))

    async def fill_all(self, appid: str, records: Iterable[Record]) -> None:
        """Keep records that were missing, unless that was under other tokens."""
        by_tokens: dict[bytes, list[Record]] = {}
        for record in _usable(appid, records):
            tokens = self._tickets.take(appid, record.id)
            if tokens is not None:
                by_tokens.setdefault(tokens, []).append(record)
        asked = [
            (part, self._put(appid, part, None, tokens=tokens))
            for tokens, known in by_tokens.items()
            for part in _parts(known)
        ]
        await self._keep_near(appid, asked)

    async def remove_all(self, appid: str, keys: Iterable[str], *, change: int = 0) -> None:
        """Drop records for all nodes."""
        await self._evict(appid, [(key, change) for key in keys])

    async def clear(self, appid: str) -> None:
        """Forget everything of one app, for all nodes."""
        if not _is_name(appid):
            return
        self._near.hear_of_app(appid)
        self._values.clear(appid)
        session = self._keeper.session
        if session is None:
            self._undelivered.add_app(appid)
        else:
            with contextlib.suppress(UnavailableError):
                await clear_app(session, self._names, appid, self._undelivered)
        self._near.hear_of_app(appid)

    async def settle(self) -> None:
        """Return if all that was removed or replaced is gone, for every node within ``stale_ms``.

        Raises:
            UnavailableError: Redis is away, so it could not be told.
        """
        if self._keeper.session is None or self._undelivered:
            raise UnavailableError("the cache is away; what other nodes read from it may be old")

    def _put(
        self, appid: str, records: Sequence[Record], ttl_sec: float | None, *, tokens: bytes = b""
    ) -> asyncio.Future[Answer] | None:
        """Ask Redis to keep records; those with ``tokens`` were read and nobody hears of them."""
        session, names = self._keeper.session, self._names
        changes = [(record.id, record.change) for record in records]
        if session is None:
            if not tokens:
                self._undelivered.add_records(appid, changes)
            return None
        keys = [names.epoch, names.generation(appid)]
        words: list[bytes] = []
        is_short = _is_short(ttl_sec)
        for record in records:
            keys += (names.record(appid, record.id), names.marker(appid, record.id))
            words += (change_text(record.change), encode_record(record, is_short=is_short))
        below = [(key, below_of_put(change)) for key, change in changes]
        return session.run_script(
            PUT,
            keys,
            self._keeper.new_epoch(session),
            new_token(),
            _life_ms(ttl_sec, self._ttl_sec),
            MARKER_SEC * 1000,
            tokens,
            b"" if tokens else self._keeper.epoch,
            names.news,
            b"" if tokens else news_of_records(appid, below),
            *words,
            lost=None if tokens else lambda: self._undelivered.add_records(appid, changes),
        )

    async def _keep_near(
        self,
        appid: str,
        asked: Iterable[tuple[Sequence[Record], asyncio.Future[Answer] | None]],
        *,
        is_short: bool = False,
    ) -> None:
        ticket = self._near.ticket()
        for records, answer in asked:
            kept: list[int] = []
            if answer is not None:
                with contextlib.suppress(UnavailableError):
                    epoch, *kept = await answer
                    self._keeper.note_epoch(epoch)
            self._hear_of(appid, records)
            if not is_short:
                for number in kept:
                    self._near.put(appid, records[number - 1], ticket)

    async def _evict(self, appid: str, changes: Sequence[tuple[str, int]]) -> None:
        known = [pair for pair in changes if _is_name(pair[0])] if _is_name(appid) else []
        below = [(key, below_of_removal(change)) for key, change in known]
        for key, end in below:
            self._near.hear(appid, key, end)
        session = self._keeper.session
        if session is None:
            self._undelivered.add_records(appid, known)
        else:
            asked = [
                remove_records(session, self._names, appid, part, self._undelivered)
                for part in _parts(known)
            ]
            with contextlib.suppress(UnavailableError):
                await asyncio.gather(*asked)
        for key, end in below:
            self._near.hear(appid, key, end)

    def _hear_of(self, appid: str, records: Iterable[Record]) -> None:
        for record in records:
            self._near.hear(appid, record.id, below_of_put(record.change))

    # ---- values and counters ------------------------------------------------------------------

    async def value(self, appid: str, name: str) -> object | None:
        """Return a copy of a value, if there is one."""
        if not (_is_name(appid) and _is_name(name)):
            return None
        return await self._values.value(appid, name)

    async def put_value(
        self, appid: str, name: str, value: object, *, ttl_sec: float | None = None
    ) -> None:
        """Keep a value as JSON; ``None`` removes it."""
        if _is_name(appid) and _is_name(name):
            await self._values.put(appid, name, value, _life_ms(ttl_sec, self._ttl_sec))

    async def increment(self, appid: str, name: str, *, by: int = 1, ttl_sec: float) -> int:
        """Add to a counter of all nodes; of this process while Redis is away."""
        if not (_is_name(appid) and _is_name(name)):
            return by
        return await self._values.increment(appid, name, by, ttl_sec)


def _is_name(text: str) -> bool:
    return bool(text.strip()) and is_storable(text)


def _usable(appid: str, records: Iterable[Record]) -> list[Record]:
    """Return what can be kept, of records with one id the last."""
    if not _is_name(appid):
        return []
    return list({record.id: record for record in records if _is_name(record.id)}.values())


def _is_short(ttl_sec: float | None) -> bool:
    return ttl_sec is not None and ttl_sec > 0


def _life_ms(ttl_sec: float | None, usual_sec: int) -> int:
    life = ttl_sec if ttl_sec is not None and ttl_sec > 0 else usual_sec
    return max(1, int(life * 1000))


def _parts(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), _MOST_KEYS):
        yield things[start : start + _MOST_KEYS]
